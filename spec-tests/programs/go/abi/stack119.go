//go:build js && !go1.21

package main

func hostAdd(a, b int64) int64
func hostMix(a int32, b int64, c float32, d float64, e string) (float64, bool)
func hostFill(block []byte, value byte)
