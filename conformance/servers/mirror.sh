# Sourced: where this system itself gets its packages, read from its own sources.

# The address and, where it is known, the key ring of the mirror of this
# system's own suite, on one line; nothing when there is none.
debian_mirror() {
  local codename file found
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
  found=$(for file in /etc/apt/sources.list.d/*.sources; do
    [ -r "$file" ] || continue
    awk -v suite="$codename" '
      BEGIN { RS = ""; FS = "\n" }
      {
        uri = key = suites = ""
        for (i = 1; i <= NF; i++) {
          if ($i ~ /^URIs:/) { uri = $i; sub(/^URIs:[ \t]*/, "", uri); sub(/[ \t].*/, "", uri) }
          if ($i ~ /^Suites:/) suites = $i " "
          if ($i ~ /^Signed-By:/) { key = $i; sub(/^Signed-By:[ \t]*/, "", key) }
        }
        if (index(suites, " " suite " ")) { print uri, key; exit }
      }' "$file"
  done | grep . | head -n 1)
  if [ -n "$found" ]; then
    echo "$found"
    return
  fi
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -r "$file" ] || continue
    awk -v suite="$codename" '$1 == "deb" {
        sub(/\[[^]]*\] */, "")
        if ($3 == suite) { print $2; exit }
      }' "$file"
  done | grep . | head -n 1
}

