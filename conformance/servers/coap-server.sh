# Sourced by the scripts of libcoap's coap-server: what it is given of security.

# The TLS library of the build that is run: gnutls (the packages' default) or openssl.
tls_build=${COAPSPEC_SERVER_TLS:-gnutls}
case $tls_build in
  gnutls | openssl) ;;
  *) die "COAPSPEC_SERVER_TLS: libcoap's packages have gnutls and openssl, not '$tls_build'" ;;
esac

# Its arguments, into the array `security`. A coap-server without -i takes every
# identity; here only that of the test credentials has its key.
security_arguments() {
  local identity key
  security=()
  if has psk; then
    identity=$(psk_identity)
    # shellcheck disable=SC2059 # the format is the bytes
    key=$(printf "$(escaped "$(psk_key)")")
    security+=(-h "$identity" -k "not-$key")
    # Read before it listens, so it is gone by then.
    identities=$(mktemp "${TMPDIR:-/tmp}/coapspec-identities.XXXXXX") || exit 2
    echo "$identity,$identity,$key" >"$identities"
    security+=(-i "$identities")
  fi
  if has certificate; then
    security+=(-c "$credentials/server.chain.pem" -j "$credentials/server.key" -C "$credentials/ca.pem")
    has client-certificate || security+=(-n)
  fi
}

# serve "TRANSPORT..." ADDRESS PORT COMMAND...: launch, with all that it is given
serve() {
  local status
  identities=""
  security_arguments
  # shellcheck disable=SC2086 # arguments are words
  (OPENSSL_CONF=$here/openssl.cnf launch "$@" "${security[@]}" -d 20 ${COAPSPEC_SERVER_ARGS-})
  status=$?
  [ -z "$identities" ] || rm -f "$identities"
  return "$status"
}
