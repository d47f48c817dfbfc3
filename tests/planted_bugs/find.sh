#!/usr/bin/env bash
# Are our checks worth anything? Each patch of this folder is a bug, one line of why and a small difference to the tree. For
# each of them, in a copy of the tree: applies it, builds `holdfast`, looks for the first of 1,000 seeds that finds it, and
# shrinks that. Prints a table, and leaves the stories in WORK. Status 1 if one is not found, or does not apply any more.
#
#     find.sh TREE WORK [NAME...]        all of them, or those
#     find.sh --check TREE               only whether all apply
set -euo pipefail

names() {
  local patch
  for patch in "$1"/tests/planted_bugs/*.patch; do basename "$patch" .patch; done
}

if [[ "${1:-}" == --check ]]; then
  tree="$2"
  status=0
  for name in $(names "$tree"); do
    patch --dry-run --force --silent -p1 -d "$tree" <"$tree/tests/planted_bugs/$name.patch" ||
      { echo "$name.patch does not apply any more: plant the bug anew in what the code is now" && status=1; }
  done
  exit "$status"
fi

tree="$(cd "$1" && pwd)"
mkdir -p "$2"
work="$(cd "$2" && pwd)"
shift 2
(($#)) || set -- $(names "$tree")
patches="$tree/tests/planted_bugs"
copy="$work/tree"
program="$work/build/bin/holdfast"

fresh_copy() {
  rm -rf "$copy"
  mkdir -p "$copy"
  tar -C "$tree" --exclude=./build --exclude=./.git -cf - . | tar -C "$copy" -xf -
  # What an interrupted run has left in the build folder may be newer than the sources, and with a bug in it.
  sed -n 's|^+++ b/||p' "$patches"/*.patch | sort -u | (cd "$copy" && xargs touch)
}

compile() {
  cmake --build "$work/build" --target holdfast >"$work/build.log" 2>&1 ||
    { tail -n 20 "$work/build.log" >&2 && return 1; }
}

# The first seed of a range that fails, and how: "17 safety J1 n1: ...". Nothing if none does.
first_bad() {
  { timeout 1800 "$program" sim --seed "$1" --seeds "$2" --nodes 5 2>/dev/null || true; } |
    sed -n 's/^seed \([0-9]*\) \([a-z]*\): \(.*\)$/\1 \2 \3/p' | head -n 1
}

find_seed() {
  local range bad
  for range in "1 10" "11 40" "51 150" "201 300" "501 500"; do
    bad="$(first_bad $range)"
    if [[ -n "$bad" ]]; then
      echo "$bad"
      return
    fi
  done
}

row() { printf '%-26s %6s  %-9s %-5s %15s %13s %8s\n' "$@"; }

hunt() {
  local name="$1" begun=$SECONDS bad seed end invariant shrunk acts nodes
  patch --force --silent -p1 -d "$copy" <"$patches/$name.patch" || { row "$name" - "no patch" - - - - && return 1; }
  compile || return 1
  bad="$(find_seed)"
  # Back to what it was, whatever comes now; `patch` makes the files new, so that they are compiled again.
  patch --reverse --force --silent -p1 -d "$copy" <"$patches/$name.patch"
  if [[ -z "$bad" ]]; then
    row "$name" "> 1000" "not found" - - - "$((SECONDS - begun))"
    return 1
  fi
  read -r seed end invariant <<<"$bad"
  [[ "$invariant" =~ ^[A-Z][0-9] ]] || invariant=-
  shrunk="$( (cd "$work" && rm -f shrunk.txt && "$program" sim --seed "$seed" --nodes 5 --shrink 2>/dev/null) |
    sed -n 's/^shrunk from \([0-9]*\) acts and \([0-9]*\) nodes to \([0-9]*\) and \([0-9]*\) in.*/\1 \2 \3 \4/p' || true)"
  if [[ -z "$shrunk" ]]; then
    row "$name" "$seed" "$end" "${invariant%% *}" "not shrunk" - "$((SECONDS - begun))"
    return 1
  fi
  mv "$work/shrunk.txt" "$work/$name.txt"
  read -r acts nodes acts_left nodes_left <<<"$shrunk"
  row "$name" "$seed" "$end" "${invariant%% *}" "$acts -> $acts_left" "$nodes -> $nodes_left" "$((SECONDS - begun))"
  if ! "$work/sound" sim --scenario "$work/$name.txt" >/dev/null 2>&1; then
    echo "  but $name.txt fails without the bug too" && return 1
  fi
}

fresh_copy
launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake -S "$copy" -B "$work/build" -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O2 -DNDEBUG" -DHOLDFAST_BUILD_TESTS=OFF -DHOLDFAST_BUILD_BENCHMARKS=OFF \
  "${launcher[@]}" >/dev/null
compile
cp "$program" "$work/sound"

status=0
row BUG SEED END BY ACTS NODES SECONDS
bad="$(first_bad 1 200)"
row "(none)" - "${bad:-good}" - - - -
[[ -z "$bad" ]] || status=1
for name in "$@"; do
  hunt "$name" || status=1
done
exit "$status"
