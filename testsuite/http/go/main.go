// A web server as people write them in Go: files below /srv/www, and a greeting.
package main

import (
	"fmt"
	"log"
	"net/http"
)

func main() {
	http.Handle("/", http.FileServer(http.Dir("/srv/www")))
	http.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s %s\n", r.Method, r.URL.RawQuery)
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
