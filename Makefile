# make demo: the whole first sign-in, on this machine, with invented people.
# make test: every test, on SQLite, on PostgreSQL, in a real browser and with real partner applications.

# Whatever is set outside must not change what is built. SQLite needs cgo.
export GOFLAGS =
export CGO_ENABLED = 1

.PHONY: demo build test ci clean

demo: build
	@./build/loge demo

build:
	@mkdir -p build
	go build -o build/loge ./cmd/loge

test:
	@sh .ci/test

ci:
	@bash .ci/run

clean:
	rm -rf build
