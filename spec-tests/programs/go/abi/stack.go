//go:build js

package main

import "fmt"

func init() {
	parts["stack"] = func() {
		fmt.Println(hostAdd(1<<40, -3), hostAdd(-1<<63, -1))
		sum, long := hostMix(-1, 1<<33, 0.5, 2.25, "a string of words")
		fmt.Println(sum, long)
		block := make([]byte, 5)
		hostFill(block[1:4], 7)
		fmt.Println(block)
		done := make(chan int64)
		for i := int64(0); i < 3; i++ {
			go func(i int64) { done <- hostAdd(i, i) }(i)
		}
		fmt.Println(<-done + <-done + <-done)
	}
}
