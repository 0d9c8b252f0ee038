#!/usr/bin/env bash
# Makes the test credentials anew: an authority, a server and a client (P-256,
# SHA-256), and a pre-shared key. They are public, protect nothing, and are for
# servers on loopback alone.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")"
days=20000
key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1.key"; }
# issue NAME SUBJECT EXTENSIONS SERIAL
issue() {
  key "$1"
  openssl req -new -sha256 -key "$1.key" -subj "$2" |
    openssl x509 -req -sha256 -days $days -CA ca.pem -CAkey ca.key -set_serial "$4" \
      -extfile <(printf '%b' "$3") -out "$1.pem" 2>/dev/null
}
key ca
openssl req -x509 -new -sha256 -days $days -key ca.key -subj "/O=coapspec/CN=coapspec test authority" \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign -out ca.pem
usage='basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n'
issue server "/O=coapspec/CN=localhost" \
  "${usage}extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n" 2
issue client "/O=coapspec/CN=coapspec client" "${usage}extendedKeyUsage=clientAuth\n" 3
# Who no one here trusts.
key intruder
openssl req -x509 -new -sha256 -days $days -key intruder.key -subj "/O=coapspec/CN=localhost" \
  -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1 -out intruder.pem
cat server.pem ca.pem >server.chain.pem
rm -f ca.key
printf 'coapspec:%s\n' "5365637265745f6b6579313233" >psk.txt
