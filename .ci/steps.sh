# Named steps, each with its log and its time; the sum of what the test runners counted. Sourced
# after lib.sh.

NAMES=() TITLES=() COMMANDS=() SLOW=()
QUICK=''
PASSED=0
RETRIED=()
LOGS=$ARTEFACTS/logs

# step NAME TITLE COMMAND… [slow]
step() {
  NAMES+=("$1")
  TITLES+=("$2")
  shift 2
  local slow=''
  [ "${*: -1}" != slow ] || { slow=1; set -- "${@:1:$#-1}"; }
  SLOW+=("$slow")
  COMMANDS+=("$(printf '%q ' "$@")")
}

# counted WORD FILE: what the runners' closing lines in this log say (nextest, cargo test, vitest,
# Playwright).
counted() {
  sed 's/\x1b\[[0-9;]*m//g' "$2" | awk -v word="$1" '
    function before(line,   n) { return match(line, "[0-9]+ " word) ? substr(line, RSTART, RLENGTH) + 0 : 0 }
    /tests? run:/ || /^test result:/ || /^ *Tests  / || /^ *[0-9]+ (passed|failed)( \([0-9.]+m?s?\))?$/ { sum += before($0) }
    END { print sum + 0 }'
}

# retried FILE: tests of this log that passed only when they were run again, one a line (nextest,
# Playwright).
retried() {
  sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
    /^ *FLAKY [0-9]+\/[0-9]+ / { sub(/^ *FLAKY [0-9\/]+ *\[[^]]*\] *(\([^)]*\) *)?/, ""); nextest[$0] }
    /^ *[0-9]+ flaky$/ { listed = 1; next }
    listed && /^ *[0-9]+ [a-z]/ { listed = 0 }
    listed && NF { sub(/^ */, ""); sub(/ *(─)+$/, ""); print }
    END { for (name in nextest) print name }' | sort
}

# A test that passes only at the second run has a fault, or the program has.
tell_retried() {
  local name
  [ ${#RETRIED[@]} -gt 0 ] || return 0
  printf '\n%s%d passed only when run again; each is a fault to be found:%s\n' "$RED" "${#RETRIED[@]}" "$PLAIN"
  for name in "${RETRIED[@]}"; do printf '  %s\n' "$name"; done
}

# processor_time: sets CPU to the seconds, user and system, of all that has ended and that this
# script waited for.
processor_time() {
  # In a pipe or a substitution, `times` would tell of that subshell.
  times >"$LOGS/times"
  CPU=$(awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, t, /[ms]/); sum += t[1] * 60 + t[2] } printf "%.0f", sum }' "$LOGS/times")
}

# run_step INDEX: runs it with its output in a log; says every minute that it still runs.
run_step() {
  local name=${NAMES[$1]} log=$LOGS/${NAMES[$1]}.log began=$SECONDS pid status=0 told=$SECONDS CPU before
  processor_time
  before=$CPU
  printf '%s%-8s%s %s … ' "$BOLD" "$name" "$PLAIN" "${TITLES[$1]}"
  (trap - EXIT; export NO_COLOR=1 CARGO_TERM_COLOR=never; eval "${COMMANDS[$1]}") >"$log" 2>&1 </dev/null &
  pid=$!
  STARTED+=("$pid")
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if [ $((SECONDS - told)) -ge 60 ]; then
      told=$SECONDS
      printf '\n         %s%d s: %s%s ' "$DIM" $((SECONDS - began)) "$(tail -n 1 "$log" | cut -c1-100)" "$PLAIN"
    fi
  done
  wait "$pid" || status=$?
  processor_time
  PASSED=$((PASSED + $(counted passed "$log")))
  mapfile -t -O "${#RETRIED[@]}" RETRIED < <(retried "$log")
  if [ "$status" = 0 ]; then
    printf '%sok%s %d s (%d s of processor time)\n' "$GREEN" "$PLAIN" $((SECONDS - began)) $((CPU - before))
    return
  fi
  printf '%sfailed%s after %d s (exit %d). The end of %s:\n\n' "$RED" "$PLAIN" $((SECONDS - began)) "$status" "${log#"$ROOT"/}"
  tail -n 80 "$log"
  tell_retried
  local failed
  failed=$(counted failed "$log")
  printf '\nAgain alone:  ./test %s\n\n%d passed, %d failed\n' "$name" "$PASSED" $((failed > 0 ? failed : 1))
  exit 1
}

wanted() {
  local index=$1 word
  shift
  [ $# -gt 0 ] || return 0
  [ "$1" != quick ] || { [ -z "${SLOW[$index]}" ]; return; }
  for word in "$@"; do [ "$word" != "${NAMES[$index]}" ] || return 0; done
  return 1
}

main() {
  local index word CPU
  case "${1:-}" in
    list) printf '%s\n' "${NAMES[@]}"; return ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; return ;;
    quick) QUICK=1 ;;
  esac
  for word in "$@"; do
    [ "$word" = quick ] || printf '%s\n' "${NAMES[@]}" | grep -qx -- "$word" || die "No step is named $word. There are: ${NAMES[*]}"
  done
  mkdir -p "$LOGS"
  local began=$SECONDS
  prepare
  for index in "${!NAMES[@]}"; do
    ! wanted "$index" "$@" || run_step "$index"
  done
  tell_retried
  processor_time
  printf '\nAll well after %d s, with %d min of processor time.\n%d passed, 0 failed\n' $((SECONDS - began)) $((CPU / 60)) "$PASSED"
}
