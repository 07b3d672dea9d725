# The page: packages fetched when the lock file changed, built when a source changed. Sourced after
# lib.sh and tools.sh.

UI=$ROOT/ui

# A short print of the content of the files named on standard input.
print_of() { sort | tr '\n' '\0' | xargs -0 sha256sum | sha256sum | cut -d' ' -f1; }

need_ui_packages() {
  local stamp=$UI/node_modules/.fetched now
  now=$(printf '%s\n' "$UI/package-lock.json" | print_of)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ] && return
  say "${BOLD}Fetching the page's packages${PLAIN} (npm ci)"
  (cd "$UI" && npm ci --no-fund --no-audit </dev/null >&2) || die "npm ci failed"
  printf '%s\n' "$now" >"$stamp"
}

ui_sources() { find "$UI" \( -name node_modules -o -name dist -o -name test-results -o -name playwright-report -o -name e2e \) -prune -o -type f -print; }

need_ui_build() {
  need_ui_packages
  local stamp=$UI/node_modules/.built now
  now=$(ui_sources | print_of)
  [ -f "$UI/dist/index.html" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ] && return
  say "${BOLD}Building the page${PLAIN}"
  (cd "$UI" && npm run --silent build </dev/null >&2) || die "the page does not build"
  printf '%s\n' "$now" >"$stamp"
}
