# Every word a person types. `make help` lists them. Each folder that builds something keeps how in
# its own .mk file; what is built goes to build/VARIANT and nowhere else.
SHELL    := /bin/bash
V        ?= dev
B        := build/$(V)
CC       ?= gcc
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
            -Wwrite-strings -Wvla -Wformat=2 -Wundef -Werror
HARDEN   := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
OPT_dev  := -O2 -g -D_FORTIFY_SOURCE=2
OPT_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS   := -std=gnu11 -D_GNU_SOURCE -Ibroker -I. $(WARN) -MMD -MP -fno-common $(HARDEN) $(OPT_$(V))
LDFLAGS  := -pie -Wl,-z,relro,-z,now -Wl,--gc-sections $(filter -fsanitize%,$(OPT_$(V)))
Q        := $(if $(VERBOSE),,@)

all:
include broker/broker.mk
include $(wildcard initramfs/initramfs.mk)
include tests/tests.mk
include $(wildcard docs/docs.mk)

## all: builds the programs and the shim
all: programs

## help: lists these words
help:
	@sed -n 's/^## \([a-z-]*\): /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

## clean: removes what was built
clean:
	rm -rf build
.PHONY: all help clean
.SECONDARY:
.DELETE_ON_ERROR:
