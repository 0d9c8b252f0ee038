#!/usr/bin/env bash
# The manual page's five examples, each #included unchanged in a program that
# calls it, compile against include/ alone in every C since C99, without a
# warning, with gcc and with clang; so does each public header by itself.
set -u
source=${COAPSPEC_SOURCE:?}
bad=0
for compiler in gcc clang; do
  command -v "$compiler" >/dev/null || {
    echo "$compiler is missing"
    exit 1
  }
  for standard in c99 c11 c17; do
    flags=(-std="$standard" -Wall -Wextra -Werror -I "$source/include" -fsyntax-only)
    for number in 1 2 3 4 5; do
      "$compiler" "${flags[@]}" "$source/examples/page/example$number.c" || bad=$((bad + 1))
    done
    for header in "$source"/include/coap3/*.h; do
      echo "#include <coap3/$(basename "$header")>" |
        "$compiler" "${flags[@]}" -x c - || bad=$((bad + 1))
    done
  done
done
[ "$bad" -eq 0 ] || echo "$bad compilations failed"
[ "$bad" -eq 0 ]
