//go:build go1.24 && js

package main

import (
	"fmt"
	"runtime"
)

//go:wasmimport _gotest callExport
func gotestCallExport(a int32, b int64) int64

var exportCalls int

//go:wasmexport testExport0
func testExport0() { exportCalls++ }

//go:wasmexport testExport
func testExport(a int32, b int64) int64 {
	exportCalls++
	answers := make(chan int64)
	go func() { runtime.Gosched(); answers <- int64(a) + b }()
	return <-answers + int64(descend(500, [8]int{})-descend(500, [8]int{}))
}

func init() {
	register("wasmexport", "an import of _gotest calls exports, which block and grow the stack", func([]string) {
		fmt.Println(gotestCallExport(1, 1<<40), exportCalls)
		total := make(chan int64)
		for i := int32(0); i < 4; i++ {
			go func() { total <- gotestCallExport(i, 100) }()
		}
		sum := int64(0)
		for range 4 {
			sum += <-total
		}
		fmt.Println(sum, exportCalls)
	})
}
