# Builds everything under build/, nothing outside. `./dev` installs what this needs and calls it.
#
#   make                   build/sojorn
#   make V=asan            build/asan/sojorn; also tsan, clang, cov
#   make V=fuzz fuzzers    build/fuzz/fuzz/NAME for each test/fuzz/NAME.c; V=afl: the same for AFL++;
#                          V=asan: they replay files given
#   make unit_tests        tests of lib/; api_tests: tests of app/
#   make micro             build and run the measurements of bench/micro/
#   make load              build/load, the load generator of bench/
#   make migrate-up        and migrate-down: one step, on $DATABASE_URL
#
# Sources are found by name: a new .c, .sql or migration needs no change here.
#   main.c cmd/ lib/ app/  -> sojorn            *_test.c under lib/ -> unit_tests (lib alone)
#   X.sql                  -> gen/X.sql.h, .c   *_test.c elsewhere  -> api_tests (with test/harness/)
#   migrations/            -> gen/migrations.c  *_test.sql          -> only in the tests
#   app/console/assets/    -> gen/app/console/assets.c

V ?= release
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

# ---- libraries ----
packages := libmicrohttpd libevent_core libpq jansson openssl libcurl libnghttp2 libsystemd libargon2 libcrypt vips libmagic libxml-2.0 libqrencode hiredis
test_packages := cmocka

# ---- variants: compiler, optimisation, sanitizer ----
ifeq ($(filter $(V),release asan tsan clang cov fuzz afl),)
$(error V=$(V) is none of release asan tsan clang cov fuzz afl)
endif
variant_cc_clang := clang
variant_cc_fuzz  := clang
variant_cc_afl   := AFL_QUIET=1 afl-clang-fast
ifeq ($(origin CC),default)
CC := $(or $(variant_cc_$(V)),gcc)
endif
hardened := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
variant_release := $(hardened)
variant_clang   := $(hardened)
variant_asan    := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
variant_tsan    := -O1 -fsanitize=thread
variant_cov     := -O0 --coverage -fprofile-update=atomic
variant_fuzz    := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
variant_afl     := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all

warnings := -Wall -Wextra -Wconversion -Wshadow -Wcast-qual -Wformat=2 -Wmissing-prototypes \
	-Wstrict-prototypes -Wvla -Werror
# What may run on a coroutine's stack keeps its frames small; sanitizers widen them, tests run elsewhere.
frames = $(if $(filter release clang,$(V)),-Wframe-larger-than=$(frame_limit))
frame_limit := 4096
# C23 attributes in gnu17 want a flag in clang before 17; assert(!"reason") is no mistake.
takes = $(shell $(CC) -Werror $(1) -fsyntax-only -x c /dev/null 2>/dev/null && echo $(1))
clang_only := $(if $(findstring clang,$(CC)),-Wno-string-conversion $(call takes,-fdouble-square-bracket-attributes))

# ---- places ----
build := build
gen   := $(build)/gen
obj   := $(build)/obj/$(V)
bin   := $(if $(filter release,$(V)),$(build),$(build)/$(V))

pkg_cflags = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(1)))
CFLAGS   := -std=gnu17 -g -fno-omit-frame-pointer -ffunction-sections -fdata-sections -fPIE -pthread \
	$(variant_$(V)) $(warnings) $(clang_only) $(EXTRA_CFLAGS)
CPPFLAGS := -D_GNU_SOURCE -I. -I$(gen) $(call pkg_cflags,$(packages))
LDFLAGS  := -pie -pthread $(variant_$(V)) -Wl,--gc-sections -Wl,--as-needed -Wl,-z,relro,-z,now $(EXTRA_LDFLAGS)
LDLIBS   := $(shell pkg-config --libs $(packages)) -lwslay -l:libboost_context.a -lm
test_ldlibs := $(shell pkg-config --libs $(test_packages) 2>/dev/null)

# ---- sources ----
find = $(shell find $(1) -type f -name '$(2)' 2>/dev/null | LC_ALL=C sort)
runner     := lib/base/test.c
lib_tests  := $(call find,lib,*_test.c)
lib_src    := $(filter-out $(lib_tests) $(runner),$(call find,lib,*.c))
app_tests  := $(call find,app cmd,*_test.c)
app_src    := $(filter-out $(app_tests),$(call find,app,*.c))
cmd_src    := $(filter-out $(app_tests),$(call find,cmd,*.c)) $(wildcard main.c)
harness    := $(call find,test/harness,*.c)
fuzz_replay := test/fuzz/replay.c
fuzz_src   := $(filter-out $(fuzz_replay),$(wildcard test/fuzz/*.c))
all_sql    := $(call find,lib app cmd,*.sql)
test_sql   := $(filter %_test.sql,$(all_sql))
sql        := $(filter-out $(test_sql),$(all_sql))
migrations := $(wildcard migrations/*.sql)
assets     := $(wildcard app/console/assets/*)

objects = $(patsubst %,$(obj)/%.o,$(1))
sql_objects = $(call objects,$(patsubst %,gen/%.c,$(1)))
in_lib = $(filter lib/%,$(1))

lib_obj  := $(call objects,$(lib_src)) $(call sql_objects,$(call in_lib,$(sql))) \
	$(obj)/gen/migrations.c.o
app_obj  := $(call objects,$(app_src)) $(call sql_objects,$(filter-out lib/%,$(sql))) \
	$(obj)/gen/statements.c.o $(obj)/gen/app/console/assets.c.o
cmd_obj  := $(call objects,$(cmd_src))
unit_obj := $(call objects,$(lib_tests) $(runner)) $(call sql_objects,$(call in_lib,$(test_sql)))
api_obj  := $(call objects,$(app_tests) $(harness) $(runner)) $(call sql_objects,$(filter-out lib/%,$(test_sql)))
micro_obj := $(call objects,$(wildcard bench/micro/*.c))
load_obj := $(call objects,$(wildcard bench/load/*.c))
fuzz_obj := $(call objects,$(fuzz_src) $(fuzz_replay))
every_obj := $(sort $(lib_obj) $(app_obj) $(cmd_obj) $(unit_obj) $(api_obj) $(micro_obj) $(load_obj) $(fuzz_obj))

# ---- targets ----
.PHONY: all sojorn unit_tests api_tests fuzzers micro load faults objects generated print-flags clean force
all: sojorn
sojorn: $(bin)/sojorn
unit_tests: $(bin)/unit_tests
api_tests: $(bin)/api_tests
fuzzers: $(patsubst test/fuzz/%.c,$(bin)/fuzz/%,$(fuzz_src))
objects: $(every_obj)
generated: $(patsubst %,$(gen)/%.h,$(all_sql)) $(gen)/version.h
print-flags:
	@echo '$(CPPFLAGS) $(CFLAGS)'

link = @mkdir -p $(@D); echo "  link  $@"; $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LDLIBS)

$(bin)/sojorn: $(cmd_obj) $(app_obj) $(lib_obj) $(obj)/sources $(gen)/sql-args.ok
	$(link)

$(bin)/unit_tests: $(unit_obj) $(lib_obj) $(obj)/sources
	$(link) $(test_ldlibs)

$(bin)/api_tests: $(api_obj) $(app_obj) $(lib_obj) $(obj)/sources $(gen)/sql-args.ok
	$(link) $(test_ldlibs)

micro: $(patsubst $(obj)/bench/micro/%.c.o,$(bin)/micro/%,$(micro_obj))
	@for program in $^; do $$program || exit; done

$(bin)/micro/%: $(obj)/bench/micro/%.c.o $(lib_obj) $(obj)/sources
	$(link)

# libFuzzer and AFL++ bring a main of their own.
fuzzer := $(if $(filter fuzz afl,$(V)),-fsanitize=fuzzer)
$(bin)/fuzz/%: $(obj)/test/fuzz/%.c.o $(if $(fuzzer),,$(obj)/$(fuzz_replay).o) $(app_obj) $(lib_obj) $(obj)/sources
	$(link) $(fuzzer)

load: $(bin)/load
$(bin)/load: $(load_obj) $(lib_obj) $(obj)/sources
	$(link)

# Preloaded by test/chaos into what it breaks.
faults: $(build)/faults.so
$(build)/faults.so: test/chaos/faults.c Makefile
	@mkdir -p $(@D); echo "  link  $@"
	@$(CC) -std=gnu17 -D_GNU_SOURCE -O2 -fPIC -shared $(warnings) -o $@ $< -ldl

# ---- objects; generated headers come before the first of them ----
sql_headers := $(patsubst %,$(gen)/%.h,$(all_sql))

$(obj)/%.c.o: %.c $(obj)/flags | $(sql_headers) $(gen)/version.h
	@mkdir -p $(@D); echo "  cc    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(frames) -MMD -MP -c -o $@ $<

$(obj)/gen/%.c.o: $(gen)/%.c $(obj)/flags | $(sql_headers)
	@mkdir -p $(@D); echo "  cc    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(frames) -MMD -MP -c -o $@ $<

$(unit_obj) $(api_obj) $(fuzz_obj): frame_limit := 65536

-include $(every_obj:.o=.d)

# ---- generated sources ----
$(gen)/%.sql.h $(gen)/%.sql.c: %.sql scripts/embed-sql
	@mkdir -p $(@D); echo "  sql   $<"
	@scripts/embed-sql $< $(gen)/$*.sql.h $(gen)/$*.sql.c

$(gen)/statements.c: $(sql) $(obj)/sources scripts/embed-sql
	@mkdir -p $(@D); scripts/embed-sql --all $@ $(sql)

$(gen)/migrations.c: $(migrations) $(obj)/sources scripts/embed-migrations
	@mkdir -p $(@D); scripts/embed-migrations $@ $(migrations)

$(gen)/app/console/assets.c: $(assets) $(obj)/sources scripts/embed-assets
	@mkdir -p $(@D); scripts/embed-assets $@ $(assets)

# Each call passes as many ARG()s as its statement has parameters.
$(gen)/sql-args.ok: $(all_sql) $(lib_src) $(app_src) $(cmd_src) $(lib_tests) $(app_tests) scripts/check-sql-args
	@mkdir -p $(@D); scripts/check-sql-args $(filter %.sql %.c,$^)
	@touch $@

.PRECIOUS: $(gen)/%.sql.h $(gen)/%.sql.c

# Files that hold what a rebuild depends on besides sources; touched only when it changed.
same_or_write = @mkdir -p $(@D); printf '%s\n' $(1) | cmp -s - $@ || printf '%s\n' $(1) >$@

version := $(or $(VERSION),$(shell git describe --tags --always --dirty 2>/dev/null),unknown)
$(gen)/version.h: force
	$(call same_or_write,'#define SOJORN_VERSION "$(version)"')
$(obj)/flags: force
	$(call same_or_write,'$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LDLIBS)')
$(obj)/sources: force
	$(call same_or_write,'$(every_obj) $(sql) $(migrations) $(assets)')
force:

# ---- the rest lives in ./dev ----
front_door := run test build check bench deb fuzz psql reset
.PHONY: $(front_door) migrate-up migrate-down
$(front_door):
	@./dev $@
migrate-up: sojorn
	@$(bin)/sojorn migrate up
migrate-down: sojorn
	@$(bin)/sojorn migrate down 1
clean:
	rm -rf $(build)
