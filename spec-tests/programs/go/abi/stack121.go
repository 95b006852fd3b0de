//go:build js && go1.21

package main

//go:wasmimport gojs main.hostAdd
//go:noescape
func hostAdd(a, b int64) int64

//go:wasmimport gojs main.hostMix
//go:noescape
func hostMix(a int32, b int64, c float32, d float64, e string) (float64, bool)

//go:wasmimport gojs main.hostFill
//go:noescape
func hostFill(block []byte, value byte)
