// Command scenarios holds every situation the machine is tested on, one sub-command each. Output is the same on every
// run: no addresses, no times, and where the scheduler or a map may choose, the result is sorted first.
package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
)

type scenario struct {
	name  string
	about string
	run   func(args []string)
}

var scenarios []scenario

func register(name, about string, run func(args []string)) {
	scenarios = append(scenarios, scenario{name, about, run})
}

func main() {
	if len(os.Args) < 2 {
		hello(nil)
		return
	}
	name, args := os.Args[1], os.Args[2:]
	if name == "list" {
		list()
		return
	}
	for _, s := range scenarios {
		if s.name == name {
			s.run(args)
			return
		}
	}
	fmt.Fprintf(os.Stderr, "scenarios: no scenario %q; `list` names them\n", name)
	os.Exit(64)
}

func list() {
	sort.Slice(scenarios, func(i, j int) bool { return scenarios[i].name < scenarios[j].name })
	for _, s := range scenarios {
		fmt.Printf("%-20s %s\n", s.name, s.about)
	}
}

func init() {
	register("hello", "one line of output", hello)
}

func hello([]string) {
	fmt.Println("Hello from Go")
}

// number reads args[at], or gives the default.
func number(args []string, at, otherwise int) int {
	if at >= len(args) {
		return otherwise
	}
	n, err := strconv.Atoi(args[at])
	if err != nil {
		fmt.Fprintf(os.Stderr, "scenarios: %q is not a number\n", args[at])
		os.Exit(64)
	}
	return n
}

func word(args []string, at int, otherwise string) string {
	if at >= len(args) {
		return otherwise
	}
	return args[at]
}

// check ends the program when err is set; scenarios use it where no error is expected.
func check(err error) {
	if err != nil {
		fmt.Println("unexpected:", err)
		os.Exit(70)
	}
}
