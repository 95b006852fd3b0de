// Command library is a reactor: `_initialize`, then the exports of package exports.
package main

import (
	"fmt"

	_ "programs/exports"
)

func init() { fmt.Println("library initialised") }

func main() { panic("main of a library never runs") }
