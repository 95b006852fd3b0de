package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"sort"
)

// The benchmark kernels: each does `n` rounds of fixed work and returns a checksum.
var kernels = map[string]func(n int) uint64{
	"fib": fibKernel, "sha256": shaKernel, "sort": sortKernel, "json": jsonKernel, "channels": channelKernel,
	"matrix": matrixKernel, "sieve": sieveKernel, "hash": hashKernel, "map": mapKernel,
}

func init() {
	register("kernel", "one benchmark kernel [name] [rounds]: fib sha256 sort json channels matrix sieve hash map", kernel)
	register("mix", "the CPU mix of the benchmarks [percent of full size]", mix)
}

func kernel(args []string) {
	run, ok := kernels[word(args, 0, "fib")]
	if !ok {
		fmt.Fprintf(os.Stderr, "scenarios: no kernel %q\n", args[0])
		os.Exit(64)
	}
	fmt.Printf("%s %016x\n", word(args, 0, "fib"), run(number(args, 1, 1)))
}

// mix runs five kernels in turn; at 100 percent about 0.8 billion wasm instructions on Go 1.27.
func mix(args []string) {
	percent := number(args, 0, 100)
	for _, part := range []struct {
		name   string
		rounds int
	}{{"fib", 150}, {"sha256", 160}, {"sort", 90}, {"json", 230}, {"channels", 200}} {
		rounds := (part.rounds*percent + 99) / 100
		fmt.Printf("%s %016x\n", part.name, kernels[part.name](rounds))
	}
}

//go:noinline
func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func fibKernel(n int) (sum uint64) {
	for i := 0; i < n; i++ {
		sum += uint64(fib(20))
	}
	return sum
}

func shaKernel(n int) (sum uint64) {
	block := bytes.Repeat([]byte("retunwind "), 400)
	for i := 0; i < n; i++ {
		block[i%len(block)]++
		digest := sha256.Sum256(block)
		for _, b := range digest {
			sum = sum*31 + uint64(b)
		}
	}
	return sum
}

func sortKernel(n int) (sum uint64) {
	state := uint32(12345)
	values := make([]int, 2000)
	for i := 0; i < n; i++ {
		for k := range values {
			state = state*1664525 + 1013904223
			values[k] = int(state >> 8)
		}
		sort.Ints(values)
		sum = sum*31 + uint64(values[len(values)/2])
	}
	return sum
}

type order struct {
	ID    int            `json:"id"`
	Buyer string         `json:"buyer"`
	Lines []orderLine    `json:"lines"`
	Notes map[string]any `json:"notes"`
	Paid  bool           `json:"paid"`
}
type orderLine struct {
	Item  string  `json:"item"`
	Count int     `json:"count"`
	Price float64 `json:"price"`
}

func jsonKernel(n int) (sum uint64) {
	o := order{ID: 1, Buyer: "somebody \u00e9", Paid: true, Notes: map[string]any{"a": 1.5, "b": []any{"x", nil, true}}}
	for i := 0; i < 10; i++ {
		o.Lines = append(o.Lines, orderLine{fmt.Sprint("item ", i), i, float64(i) * 1.25})
	}
	for i := 0; i < n; i++ {
		o.ID = i
		out, err := json.Marshal(o)
		check(err)
		var back order
		check(json.Unmarshal(out, &back))
		sum = sum*31 + uint64(len(out)+back.ID+len(back.Lines))
	}
	return sum
}

func channelKernel(n int) (sum uint64) {
	in, out := make(chan int), make(chan int, 4)
	go func() {
		for v := range in {
			out <- v * 3
		}
		close(out)
	}()
	for i := 0; i < n; i++ {
		for k := 0; k < 50; k++ {
			in <- k
			sum += uint64(<-out)
		}
	}
	close(in)
	for range out {
		sum++
	}
	return sum
}

func matrixKernel(n int) (sum uint64) {
	const size = 64
	var a, b, c [size][size]float64
	for i := range a {
		for j := range a[i] {
			a[i][j], b[i][j] = float64(i+j), float64(i-j)
		}
	}
	total := 0.0
	for round := 0; round < n; round++ {
		for i := 0; i < size; i++ {
			for j := 0; j < size; j++ {
				s := 0.0
				for k := 0; k < size; k++ {
					s += a[i][k] * b[k][j]
				}
				c[i][j] = s
			}
		}
		total += c[round%size][(round*7)%size]
	}
	return uint64(int64(total))
}

func sieveKernel(n int) (sum uint64) {
	composite := make([]bool, 200000)
	for round := 0; round < n; round++ {
		for i := range composite {
			composite[i] = false
		}
		for i := 2; i*i < len(composite); i++ {
			if !composite[i] {
				for k := i * i; k < len(composite); k += i {
					composite[k] = true
				}
			}
		}
		for i := 2; i < len(composite); i++ {
			if !composite[i] {
				sum++
			}
		}
	}
	return sum
}

func hashKernel(n int) (sum uint64) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 1024)
	for round := 0; round < n; round++ {
		h := uint64(14695981039346656037)
		for _, b := range data {
			h ^= uint64(b)
			h *= 1099511628211
		}
		sum ^= h + uint64(round)
	}
	return sum
}

func mapKernel(n int) (sum uint64) {
	for round := 0; round < n; round++ {
		m := map[int]int{}
		for i := 0; i < 3000; i++ {
			m[i*2654435761%100003] += i
		}
		for i := 0; i < 6000; i++ {
			if v, ok := m[i]; ok {
				sum += uint64(v)
			}
		}
	}
	return sum
}
