# Makefile - the usual way in; the work is done by meson, npm and the scripts under tool/.
#   make run      install what is missing, build, start everything on a private directory with sample data; Ctrl-C stops it
#   make test     install what is missing, build, run every test; last line "N passed, N failed, N skipped"
#   make bench fuzz check deb build clean
BUILD ?= build
# root's own folder cannot be reached by the service user: then the house stands elsewhere
RUN ?= $(shell if [ "$$(id -u)" = 0 ] && ! setpriv --reuid=65534 --regid=65534 --clear-groups test -x '$(CURDIR)'; \
         then echo /var/lib/daicho/run; else echo '$(CURDIR)/run'; fi)
PORT ?= 8443
SECONDS ?= 60
PYTHON = /usr/bin/python3
export BUILD

run: build
	@exec $(BUILD)/daicho up --dir '$(RUN)' --port $(PORT) --demo

build: need node_modules/.package-lock.json $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet
	@$(MAKE) --no-print-directory $(BUILD)/static/manifest.json

need:
	@tool/need

node_modules/.package-lock.json: package.json package-lock.json | need
	npm ci --no-audit --no-fund
	@touch $@

$(BUILD)/build.ninja: | need
	meson setup $(BUILD) >/dev/null

$(BUILD)/static/manifest.json: tool/assets package-lock.json $(wildcard pages/assets/* pages/*.html)
	@node tool/assets $(BUILD)/static >/dev/null
	@touch $@

test: build
	@tool/testrun $(BUILD)

bench: build
	@ninja -C $(BUILD) --quiet load
	@$(PYTHON) test/bench/bench.py

fuzz: build
	@[ -e $(BUILD)-fuzz/build.ninja ] || CC=clang-14 meson setup $(BUILD)-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
	@ninja -C $(BUILD)-fuzz --quiet fuzzers
	@tool/fuzz $(BUILD)-fuzz run $(SECONDS)

check: build
	@tool/check $(BUILD)

# of a tree whose complete test run is at hand and green (controls/README.md)
deb: need node_modules/.package-lock.json
	@tool/baseline --gate $(BUILD)/test
	dpkg-buildpackage -b -us -uc

clean:
	rm -rf $(BUILD) $(BUILD)-fuzz $(BUILD)-replay $(BUILD)-clang $(BUILD)-analyzer build-deb node_modules debian/.npm

.PHONY: run build need test bench fuzz check deb clean
