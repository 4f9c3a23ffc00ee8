package shell

import (
	"encoding/json"
	"net/http"
	"strconv"

	"framehold/app"
)

const imageBodyMax = 257 << 20 // a little over the limit, so that its own sentence is said

// pictures serves previews and takes pictures: the same in a window and in a browser, never through a binding.
func pictures(a *app.App, mux *http.ServeMux) {
	mux.HandleFunc("GET /preview/{hash}", func(w http.ResponseWriter, r *http.Request) {
		px, _ := strconv.Atoi(r.URL.Query().Get("px")) // no number: as it is
		b, ok, err := a.Preview(r.Context(), r.PathValue("hash"), px)
		if err != nil || !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "private, max-age=31536000, immutable") // named by its content
		writePicture(w, b)
	})
	mux.HandleFunc("GET /image/{token}", func(w http.ResponseWriter, r *http.Request) {
		b, ok := a.Image(r.PathValue("token"))
		if !ok {
			http.NotFound(w, r)
			return
		}
		writePicture(w, b)
	})
	mux.HandleFunc("POST /image", func(w http.ResponseWriter, r *http.Request) {
		upload, err := a.PutImage(r.Context(), http.MaxBytesReader(w, r.Body, imageBodyMax))
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(http.StatusUnprocessableEntity)
			_ = json.NewEncoder(w).Encode(app.Formatted(err))
			return
		}
		_ = json.NewEncoder(w).Encode(upload)
	})
}

func writePicture(w http.ResponseWriter, b []byte) {
	w.Header().Set("Content-Type", "image/webp")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(b)
}
