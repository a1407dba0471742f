package main
import ("fmt"; "os"; "os/exec"; "sync")
func main() {
	var group sync.WaitGroup
	results := make(chan int, 100)
	for n := 0; n < 100; n++ { group.Add(1); go func(n int) { defer group.Done(); results <- n }(n) }
	group.Wait(); close(results)
	sum := 0
	for n := range results { sum += n }
	os.WriteFile("/tmp/f", []byte("file"), 0o644)
	text, _ := os.ReadFile("/tmp/f")
	out, _ := exec.Command("echo", "child").Output()
	fmt.Printf("%d %s %s", sum, text, out)
}
