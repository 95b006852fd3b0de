//go:build go1.21

package main

import (
	"fmt"
	"math"
	"unsafe"
)

//go:wasmimport test add_i32
func addI32(a, b int32) int32

//go:wasmimport test add_u32
func addU32(a, b uint32) uint32

//go:wasmimport test add_i64
func addI64(a, b int64) int64

//go:wasmimport test add_f32
func addF32(a, b float32) float32

//go:wasmimport test add_f64
func addF64(a, b float64) float64

//go:wasmimport test mix
func mixed(a int32, b int64, c float32, d float64) float64

//go:wasmimport test fill
//go:noescape
func fill(p unsafe.Pointer, n, value int32)

//go:wasmimport test checksum
//go:noescape
func checksum(p unsafe.Pointer, n int32) uint32

//go:wasmimport test nothing
func nothing()

//go:wasmimport test fail
func fail()

func init() {
	parts["imports"] = func() {
		nothing()
		fmt.Println(addI32(2, -3), addI32(math.MaxInt32, 1), addU32(1<<31, 1<<31-1))
		fmt.Println(addI64(math.MaxInt64, 1), addI64(-5, 1<<50))
		fmt.Println(addF32(0.5, 0.25), addF32(float32(math.Inf(1)), 1), addF64(1e300, 1e300), addF64(math.NaN(), 1))
		fmt.Println(mixed(-7, 1<<40, 0.5, 0.25))
		done := make(chan int32)
		for i := int32(0); i < 4; i++ {
			go func(i int32) { done <- addI32(i, 10) }(i)
		}
		fmt.Println(<-done + <-done + <-done + <-done)
	}
	parts["pointers"] = func() {
		block := make([]byte, 8)
		fill(unsafe.Pointer(&block[2]), 3, 0x41)
		fmt.Printf("%q\n", block)
		text := []byte("checked by the host")
		fmt.Println(checksum(unsafe.Pointer(&text[0]), int32(len(text))))
		numbers := [4]uint32{1, 2, 0xffffffff, 4}
		fmt.Println(checksum(unsafe.Pointer(&numbers), 16))
	}
	parts["fail"] = func() {
		fmt.Println("the host will fail")
		fail()
		fmt.Println("not reached")
	}
}
