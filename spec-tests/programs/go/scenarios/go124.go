//go:build go1.24

package main

import (
	"fmt"
	"iter"
	"runtime"
	"slices"
	"weak"

	_ "programs/exports"
)

func init() {
	register("iterators", "range over functions, iter.Pull (coroutine switches), panics inside", iterators)
	register("go1.24", "weak pointers, clean-ups, generic aliases", func([]string) {
		kept := &[100]int{1}
		w := weak.Make(kept)
		fmt.Println(w.Value() == kept)
		cleaned := make(chan string, 1)
		func() {
			lost := &[200]int{2}
			runtime.AddCleanup(lost, func(name string) { cleaned <- name }, "cleaned")
		}()
		runtime.GC()
		fmt.Println(<-cleaned, kept[0])
		type set[T comparable] = map[T]struct{}
		fmt.Println(len(set[int]{1: {}, 2: {}}))
	})
}

func countTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer fmt.Println("counted")
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func iterators([]string) {
	for i := range countTo(10) {
		if i == 3 {
			break
		}
		fmt.Println(i)
	}
	next, stop := iter.Pull(countTo(4))
	sum := 0
	for {
		v, ok := next()
		if !ok {
			break
		}
		sum += v
	}
	stop()
	fmt.Println("pulled", sum)
	next, stop = iter.Pull(countTo(100))
	next()
	stop()
	_, ok := next()
	fmt.Println("stopped", ok)
	fmt.Println(slices.Collect(slices.Values([]string{"a", "b"})), slices.Sorted(countTo(3)))
	defer func() { fmt.Println("recovered:", recover()) }()
	for i := range countTo(5) {
		if i == 2 {
			panic("in the loop body")
		}
	}
}
