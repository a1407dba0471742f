// Go, compiled behind the walls; the standard library alone.
package main

import "fmt"

func main() {
	fmt.Println("hello from go")
}
