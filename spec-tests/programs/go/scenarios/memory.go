package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

func init() {
	register("gc", "garbage collection under load: trees, maps, slices, strings", collect)
	register("gc-goroutines", "collection while goroutines allocate and hold pointers on their stacks", collectGoroutines)
	register("finalizers", "finalizers run for what is no longer reachable", finalizers)
	register("memory-growth", "large allocations make the memory grow [MiB]", memoryGrowth)
}

type tree struct{ left, right *tree }

func build(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{build(depth - 1), build(depth - 1)}
}

func (t *tree) count() int {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.count() + t.right.count()
}

func collect([]string) {
	kept := build(10)
	total := 0
	words := map[string]int{}
	for i := 0; i < 8; i++ {
		total += build(9).count()
		words[strings.Repeat("x", i*100)] = i
		if i%3 == 2 {
			runtime.GC()
		}
	}
	debug.SetGCPercent(20)
	var last []byte
	for i := 0; i < 200; i++ {
		last = make([]byte, 20000)
		last[i] = byte(i)
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println("kept", kept.count(), "total", total, "words", len(words), "last", last[199])
	fmt.Println("collected", stats.NumGC >= 2)
}

func collectGoroutines([]string) {
	var done sync.WaitGroup
	sums := make([]int, 8)
	for i := range sums {
		done.Add(1)
		go func(i int) {
			defer done.Done()
			list := []*tree{}
			for k := 0; k < 20; k++ {
				list = append(list, build(4))
				if k%7 == i%7 {
					runtime.GC()
				}
				runtime.Gosched()
			}
			for _, t := range list {
				sums[i] += t.count()
			}
		}(i)
	}
	done.Wait()
	fmt.Println(sums)
}

func finalizers([]string) {
	ran := make(chan int, 10)
	func() {
		for i := 0; i < 10; i++ {
			t := &struct {
				id   int
				data [100]byte
			}{id: i}
			runtime.SetFinalizer(t, func(*struct {
				id   int
				data [100]byte
			}) {
				ran <- 1
			})
		}
	}()
	for i := 0; i < 3; i++ {
		runtime.GC()
		runtime.Gosched()
	}
	count := 0
	for count < 9 {
		count += <-ran
	}
	fmt.Println("at least nine of ten finalizers ran")
}

func memoryGrowth(args []string) {
	blocks := [][]byte{}
	for i := 0; i < number(args, 0, 48); i++ {
		b := make([]byte, 1<<20)
		for k := 0; k < len(b); k += 65536 {
			b[k] = byte(i)
		}
		blocks = append(blocks, b)
	}
	sum := 0
	for _, b := range blocks {
		sum += int(b[0]) + int(b[1<<19])
	}
	fmt.Println("blocks", len(blocks), "sum", sum)
}
