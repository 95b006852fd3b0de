// Command abi calls host functions and is called back by them. Its host must offer the module `test` (and, for the
// stack-pointer ABI, functions in Go's own import module); see spec-tests/support/imports.ts.
package main

import (
	"fmt"
	"os"
	"sort"
)

var parts = map[string]func(){}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "abi: which part?")
		os.Exit(64)
	}
	if os.Args[1] == "list" {
		names := []string{}
		for name := range parts {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			fmt.Println(name)
		}
		return
	}
	part, ok := parts[os.Args[1]]
	if !ok {
		fmt.Fprintf(os.Stderr, "abi: no part %q\n", os.Args[1])
		os.Exit(64)
	}
	part()
	fmt.Println("main ends")
}
