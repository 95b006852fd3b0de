// Command hello is the smallest program with fmt: what a first run and the benchmarks of loading look at.
package main

import "fmt"

func main() { fmt.Println("Hello from Go") }
