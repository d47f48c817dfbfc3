#!/usr/bin/env bash
# Runs the console blocks of a document and compares what is printed: transcript.sh DOCUMENT FOLDER-OF-PROGRAMS...
#
# A line "$ command" is run, the lines below it are what it prints. Ids, times, spans ("12s") and ports that the system chose
# may differ, and lines of progress and of what a run has cost are left out; an id that was printed once stands for the real one from then on. A command
# that only looks is repeated until it prints what it should, for what it looks at comes when it comes; a node (it ends in
# "& NAME=$!") has started when it has printed its first line. Everything happens in a folder of its own, on a loopback address
# of its own.
set -uo pipefail

document="$(realpath "$1")"
shift
for folder in "$@"; do
  PATH="$(realpath "$folder"):$PATH"
done

tries_max=300
address="127.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))"
work="$(mktemp -d)"
nodes=()
finish() {
  local code=$?
  ((${#nodes[@]})) && kill -9 "${nodes[@]}" 2>/dev/null
  wait 2>/dev/null
  rm -rf -- "$work"
  exit "$code"
}
trap finish EXIT
export XDG_CONFIG_HOME="$work/config"
mkfifo "$work/started"
exec 8<>"$work/started"
cd "$work" || exit 1

id='[0-9a-f]{16}-[0-9]+-[0-9]+'
declare -A real

plain() {
  sed -E -e "s/$address/127.0.0.1/g" -e "s/$id/ID/g" -e 's/[0-9]{4}-[0-9-]{5}T[0-9:.]+Z/TIME/g' \
    -e 's/ ([0-9]+m)?[0-9]+s / SPAN /g' -e 's/(127\.0\.0\.1):[0-9]{5}/\1:PORT/g' \
    -e '/^[0-9]+ of [0-9]+, .* left$/d' -e '/ simulated seconds a real one$/d' -e 's/ +/ /g'
}

looks_only() { [[ "$1" =~ ^[a-z]+\ (state|calls|show|peers|methods|call|work\ (ls|show|why)|workers\ ls)\  ]]; }

# Which id of this run each id of the document stands for.
bind_ids() {
  local there here
  mapfile -t there < <(grep -oE "$id" <<<"$1")
  mapfile -t here < <(grep -oE "$id" <<<"$2")
  for i in "${!there[@]}"; do
    real["${there[i]}"]="${here[i]:-}"
  done
}

print() {
  local command="$1"
  if [[ "$command" == *'& '*'=$!' ]]; then
    eval "$command" >&8
    nodes+=("$!")
    read -r -t 60 -u 8 printed || printed="it has not started: $(cat ./*.log)"
  elif [[ "$command" == kill\ * ]]; then
    printed="$(eval "$command" 2>&1)"
    eval "wait ${command##* }" 2>/dev/null
  else
    eval "$command" >"$work/printed" 2>&1
    printed="$(<"$work/printed")"
  fi
}

check() {
  local command="$1" expected="$2" tries=1
  for known in "${!real[@]}"; do
    command="${command//"$known"/"${real[$known]}"}"
  done
  command="${command//127.0.0.1/"$address"}"
  looks_only "$command" && tries=$tries_max
  for ((i = 0; i < tries; ++i)); do
    print "$command"
    if [[ "$(plain <<<"$expected")" == "$(plain <<<"$printed")" ]]; then
      bind_ids "$expected" "$printed"
      return
    fi
  done
  printf '%s\nprinted:\n%s\nshould print:\n%s\n' "$command" "$printed" "$expected" >&2
  cat "$work"/*.log "$work"/*/*.log 2>/dev/null >&2
  exit 1
}

commands=0
command='' expected='' is_inside=0
run_pending() {
  [[ -n "$command" ]] || return 0
  check "$command" "${expected%$'\n'}"
  commands=$((commands + 1))
  command='' expected=''
}
while IFS= read -r line <&7; do
  case "$line" in
    '```console') is_inside=1 ;;
    '```') run_pending && is_inside=0 ;;
    '$ '*)
      ((is_inside)) || continue
      run_pending
      command="${line#\$ }"
      ;;
    *) if ((is_inside)); then expected+="$line"$'\n'; fi ;;
  esac
done 7<"$document"

((commands)) || { echo "$document has no console blocks" >&2; exit 1; }
echo "$commands commands print what $document says"
