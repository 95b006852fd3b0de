//go:build go1.24

package main

import (
	"fmt"
	"os"
	"structs"
	"sync"
	"time"

	_ "programs/exports"
)

//go:wasmimport test call
func call(export string, argument int32) int32

//go:wasmimport test is_even
func isEven(n int32) bool

//go:wasmimport test length
func length(s string) uint32

//go:wasmimport test same
func same(p *point) *point

//go:wasmimport test move
func move(p *point, by float32)

//go:wasmimport test add_u32
func addPointer(a, b uintptr) uintptr

type point struct {
	_    structs.HostLayout
	x, y float32
	n    [2]int16
	set  bool
}

// through lets the host call an export again from inside the import: host, Go, host, Go.
//
//go:wasmexport through
func through(n int32) int32 {
	if n == 0 {
		return call("block", 5)
	}
	return call("through", n-1) + 1
}


func init() {
	parts["types"] = func() {
		fmt.Println(isEven(2), isEven(3), length("añ世"), length(""), addPointer(40, 2))
		p := &point{x: 1, y: 2, n: [2]int16{3, 4}}
		fmt.Println(same(p) == p, same(nil) == nil)
		move(p, 0.5)
		fmt.Println(p.x, p.y, p.n, p.set)
	}
	parts["callbacks"] = func() {
		for _, export := range []string{"fib", "block", "spawn", "grow", "recovered", "through"} {
			fmt.Println(export, call(export, 10))
		}
		fmt.Println("grow much", call("grow", 3000))
		var group sync.WaitGroup
		results := make([]int32, 4)
		for i := range results {
			group.Add(1)
			go func() { defer group.Done(); results[i] = call("fib", int32(i+5)) }()
		}
		group.Wait()
		fmt.Println(results)
	}
	parts["callback-others"] = func() {
		// Another goroutine goes on while the nested call is parked.
		ticks := make(chan int, 100)
		go func() {
			for i := 0; i < 5; i++ {
				ticks <- i
				time.Sleep(0)
			}
			close(ticks)
		}()
		fmt.Println(call("spawn", 20))
		sum := 0
		for t := range ticks {
			sum += t
		}
		fmt.Println("ticks", sum)
	}
	parts["callback-panic"] = func() {
		defer func() { fmt.Println("recovered by the caller:", recover()) }()
		call("panicking", 1)
	}
	parts["callback-exit"] = func() {
		defer fmt.Println("not printed")
		call("leaving", 5)
	}
	parts["callback-deadlock"] = func() { fmt.Println(call("blocked", 1)) }
	parts["callback-sleep"] = func() { fmt.Println(call("sleep", 100)) }
}

//go:wasmexport panicking
func panicking(n int32) int32 { panic(fmt.Sprint("panic in a callback: ", n)) }

//go:wasmexport leaving
func leaving(code int32) int32 { os.Exit(int(code)); return 0 }

//go:wasmexport blocked
func blocked(int32) int32 { return <-make(chan int32) }
