//go:build go1.21 && js

package main

import "fmt"

//go:wasmimport _gotest add
func gotestAdd(a, b int32) int32

func init() {
	register("wasmimport", "an import with a wasm signature, from _gotest", func([]string) {
		fmt.Println(gotestAdd(2, 3), gotestAdd(-2147483648, -1))
	})
}
