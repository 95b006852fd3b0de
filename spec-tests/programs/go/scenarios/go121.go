//go:build go1.21

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

func init() {
	register("go1.21", "min, max, clear, slices, maps, OnceValue, AfterFunc, causes", func([]string) {
		fmt.Println(min(3, 1, 2), max(2.5, 1), min("b", "a"))
		m := map[string]int{"a": 1, "b": 2}
		copied := maps.Clone(m)
		clear(m)
		fmt.Println(len(m), len(copied))
		s := []int{3, 1, 2}
		slices.Sort(s)
		at, found := slices.BinarySearch(s, 2)
		fmt.Println(s, at, found, slices.Max(s), slices.Contains(s, 9), slices.Index(s, 3))
		value := sync.OnceValue(func() int { fmt.Println("computed"); return 7 })
		fmt.Println(value(), value())
		ctx, cancel := context.WithCancelCause(context.Background())
		ran := make(chan bool)
		context.AfterFunc(ctx, func() { ran <- true })
		cancel(errors.New("the cause"))
		fmt.Println(<-ran, context.Cause(ctx), ctx.Err())
		limited, stop := context.WithTimeoutCause(context.Background(), time.Millisecond, errors.New("too slow"))
		defer stop()
		<-limited.Done()
		fmt.Println(context.Cause(limited))
	})
	register("panic-nil", "panic(nil) is a runtime error", func([]string) { panic(nil) })
}
