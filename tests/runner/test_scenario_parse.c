/* Scenarios read right, and every way to write one wrong: each refusal says
 * where and what was expected. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner/scenario.h"
#include "support/check_main.h"
#include "wire/message.h"

#define HEAD "# t\nid a/b/c\ncovers R#1:x\ntransport udp\n---\n"
#define TCP "# t\nid a/b/c\ncovers R#1:x\ntransport tcp\n---\n"
#define WS "# t\nid a/b/c\ncovers R#1:x\ntransport ws\n---\n"
#define BOTH "# t\nid a/b/c\ncovers R#1:x\ntransport tcp ws\n---\n"
#define MIXED "# t\nid a/b/c\ncovers R#1:x\ntransport udp tcp ws\n---\n"
#define DTLS "# t\nid a/b/c\ncovers R#1:x\ntransport dtls\n---\n"
#define TLS "# t\nid a/b/c\ncovers R#1:x\ntransport tls\n---\n"
#define SECURED "# t\nid a/b/c\ncovers R#1:x\ntransport dtls tls wss\n---\n"
#define TYPED "# t\nid a/b/c\ncovers R#1:x\ntransport udp\ntype CON NON\n---\n"

static bool known_requirement(void *ctx, const char *id) {
  (void)ctx;
  return strncmp(id, "R#", 2) == 0;
}
static bool known_defect(void *ctx, const char *name) {
  (void)ctx;
  return strcmp(name, "ping-ignored") == 0;
}
static bool known_role(void *ctx, const char *name) {
  (void)ctx;
  return strcmp(name, "test") == 0;
}
static bool known_cap(void *ctx, const char *name) {
  (void)ctx;
  return strcmp(name, "observe") == 0;
}
static const cs_runner_names names = {known_requirement, known_defect, known_role, known_cap, NULL};

static const struct {
  const char *text;
  unsigned line, column;
  const char *want; /* a part of the message */
} broken[] = {
    /* Header. */
    {"", 1, 1, "--- behind the header"},
    {"# t\nid a/b/c\n", 2, 1, "--- behind the header"},
    {"# t\nidd a/b/c\n---\nalive\n", 2, 1, "one of the keys id, covers"},
    {"# t\nid\n---\nalive\n", 2, 3, "a value for id"},
    {"# t\nid a/b\n---\nalive\n", 2, 4, "an id such as"},
    {"# t\nid a/B/c\n---\nalive\n", 2, 4, "an id such as"},
    {"# t\nid a/b/c d/e/f\n---\nalive\n", 2, 10, "one id only"},
    {"# t\nid a/b/c\ntransport udp\n---\nalive\n", 4, 1, "the key covers before ---"},
    {"# t\nid a/b/c\ncovers R#1\n---\nalive\n", 4, 1, "the key transport before ---"},
    {"# t\ncovers R#1\ntransport udp\n---\nalive\n", 4, 1, "the key id before ---"},
    {"id a/b/c\ncovers R#1\ntransport udp\n---\nalive\n", 1, 1, "a comment before the first key"},
    {"# t\nid a/b/c\ncovers X#1\n---\n", 3, 8, "a requirement of requirements.tsv, not X#1"},
    {"# t\ntransport udp sctp\n---\n", 2, 15, "one of udp, tcp"},
    {"# t\ntransport udp udp\n---\n", 2, 15, "udp once only"},
    {"# t\ntype CON ACK\n---\n", 2, 10, "CON or NON"},
    {"# t\nneeds test\n---\n", 2, 7, "role:NAME, cap:NAME or !cap:NAME"},
    {"# t\nneeds role:nope\n---\n", 2, 12, "a role that a profile names"},
    {"# t\nneeds cap:nope\n---\n", 2, 11, "a capability that there is a probe for"},
    {"# t\ndefect nope\n---\n", 2, 8, "a defect of the embedded server"},
    {"# t\nparam fast\n---\n", 2, 7, "slow"},
    {"# t\nid a/b/c\n--- x\n", 3, 5, "the end of the line behind ---"},
    {"# t\x01\nid a/b/c\n", 1, 4, "not a control character"},
    /* Steps. */
    {HEAD, 5, 1, "steps behind ---"},
    {HEAD "send x\n", 6, 1, "a step: >, >>"},
    {HEAD "  >\n", 6, 4, "a type (CON"},
    {HEAD "> GET mid=1\n", 6, 3, "a type (CON"},
    {HEAD "> CON BREW mid=1\n", 6, 7, "a code: c.dd"},
    {HEAD "> CON 8.00 mid=1\n", 6, 7, "a code: c.dd"},
    {HEAD "> CON 0.32 mid=1\n", 6, 7, "a code: c.dd"},
    {HEAD "> CON GET\n", 6, 10, "mid="},
    {HEAD "> CON GET mid=65536\n", 6, 15, "a Message ID"},
    {HEAD "> CON GET mid=0x12345\n", 6, 15, "a Message ID"},
    {HEAD "> CON GET mid=$\n", 6, 16, "a variable's name"},
    {HEAD "> CON GET mid=$type\n", 6, 15, "another variable: $type"},
    {HEAD "> CON GET mid=$m token=$m\n", 6, 24, "a token: $m is a Message ID since line 6"},
    {HEAD "> CON GET mid=1 mid=2\n", 6, 17, "one mid= only"},
    {HEAD "> CON GET mid=1 token=abc\n", 6, 26, "a second hex digit"},
    {HEAD "> CON GET mid=1 token=0g\n", 6, 24, "a second hex digit"},
    {HEAD "> CON GET mid=1 ver=4\n", 6, 21, "a number from 0 to 3"},
    {HEAD "> CON GET mid=1 tkl=16\n", 6, 21, "a number from 0 to 15"},
    {HEAD "> CON GET mid=1 Uri-Pat=\"x\"\n", 6, 17, "the name of an option"},
    {HEAD "> CON GET mid=1 Uri-Path\n", 6, 25, "= and a value"},
    {HEAD "> CON GET mid=1 Uri-Path=x\n", 6, 26, "text in quotation marks"},
    {HEAD "> CON GET mid=1 Uri-Path=\"x\n", 6, 28, "a closing quotation mark"},
    {HEAD "> CON GET mid=1 Accept=z\n", 6, 24, "a number"},
    {HEAD "> CON GET mid=1 Option-70000=0x\n", 6, 17, "an option number"},
    {HEAD "> CON GET mid=1 ETag=$e\n< * *\n", 6, 17, "a variable that was captured before: $e"},
    {HEAD "> CON GET mid=1 payload=\"x\" Accept=0\n", 6, 29, "the end of the message"},
    {HEAD "> CON GET mid=1 @nope\n", 6, 18, "a role that a profile names"},
    {HEAD "> CON GET mid=1 @test @test\n", 6, 23, "one @role only"},
    {HEAD "> $type GET mid=1\n", 6, 3, "the key type in the header"},
    {HEAD ">> ACK GET\n", 6, 4, "CON, NON, $type or no type"},
    {HEAD ">> 2.05\n", 6, 4, "a method"},
    {HEAD "> raw\n", 6, 6, "bytes as pairs of hex digits"},
    {HEAD "> raw 4\n", 6, 8, "a second hex digit"},
    {HEAD "> raw zz\n", 6, 7, "bytes as pairs of hex digits"},
    {HEAD "> raw $x\n< * *\n", 6, 7, "a name that begins with m or t: $x"},
    {HEAD "+2 > raw 40\n", 6, 2, "a time such as 2s"},
    {HEAD "+2s alive\n", 6, 5, "> or >>"},
    {HEAD "| *\n", 6, 1, "an expectation before its alternative"},
    {HEAD "alive\n| *\n", 7, 1, "an expectation before its alternative"},
    {HEAD "< FOO 2.05\n", 6, 3, "a type: CON, NON, ACK, RST"},
    {HEAD "< CON 2.5\n", 6, 7, "a code: 2.05"},
    {HEAD "< CON 2.05|\n", 6, 7, "a code: 2.05"},
    {HEAD "< CON 2.05 mid\n", 6, 12, "mid=, token=, payload="},
    {HEAD "< CON 2.05 mid~1\n", 6, 16, "= or != behind mid"},
    {HEAD "< CON 2.05 payload!\n", 6, 19, "=, !=, ~ or % behind payload"},
    {HEAD "< CON 2.05 mid!=$m\n", 6, 12, "a variable that has a value: $m"},
    {HEAD "< CON 2.05 payload!=$p\n", 6, 12, "a variable that has a value: $p"},
    {HEAD "< CON 2.05 !ETag=0x01\n", 6, 12, "Name!=value, or !Name alone"},
    {HEAD "< CON 2.05 ETag>=1\n", 6, 16, "the option is no number"},
    {HEAD "< CON 2.05 Max-Age>=$a\n", 6, 21, "a number"},
    {HEAD "< CON 2.05 Max-Age>5\n", 6, 19, "a space or the end"},
    {HEAD "< CON 2.05 within\n", 6, 18, "a time such as 2s"},
    {HEAD "< CON 2.05 within 3s..2s\n", 6, 19, "a range whose end is not before"},
    {HEAD "< CON 2.05 within 1s within 2s\n", 6, 29, "one within only"},
    {HEAD "< CON 2.05 -> maybe\n", 6, 15, "one of the verdicts"},
    {HEAD "< CON 2.05 -> quirk\n", 6, 20, "the name of the quirk"},
    {HEAD "< CON 2.05 -> skip [R#1]\n", 6, 20, "the reason of the skip"},
    {HEAD "< CON 2.05 -> pass -> fail\n", 6, 23, "one verdict only"},
    {HEAD "< CON 2.05 [R#1\n", 6, 13, "a requirement's id and ]"},
    {HEAD "< CON 2.05 [X#1]\n", 6, 13, "a requirement of requirements.tsv"},
    {HEAD "silence\n", 6, 8, "a time such as 2s"},
    {HEAD "silence 2s within 3s\n", 6, 12, "-> VERDICT"},
    {HEAD "< CON 2.05\n| *\n| silence 2s\n", 8, 3, "no alternative behind *"},
    {HEAD "<< 2.05\n", 6, 1, "a request by >> before <<"},
    {HEAD "< dup CON 2.05\n", 6, 1, "an expectation before dup"},
    {HEAD "wait\n", 6, 5, "a time such as 2s"},
    {HEAD "wait 1s 2s\n", 6, 9, "the end of the line"},
    {HEAD "port 3\n", 6, 1, "at most 1"},
    {HEAD "port new\nport 3\n", 7, 1, "at most 2"},
    {HEAD "port other\n", 6, 6, "new, first or a number from 1"},
    {HEAD "silence 2s -> pass\nalive\n", 7, 1, "no more steps"},
    {HEAD "wait 2s\n", 6, 1, "a step that a wrong server can fail"},
    {HEAD "silence 2s\n| * -> pass\n", 7, 1, "a step that a wrong server can fail"},
    {HEAD "wait 101s\nalive\n", 7, 1, "\"param slow\" in the header"},
    {TYPED "alive\n", 5, 10, "a step that uses $type"},
    /* Streams. */
    {"# t\nopen half\n---\n", 2, 6, "full, upgraded or connected"},
    {"# t\nopen full full\n---\n", 2, 11, "one word for open only"},
    {"# t\nid a/b/c\ncovers R#1\nopen full\ntransport udp\n---\nalive\n", 4, 6,
     "tcp or ws among the transports"},
    {"# t\nid a/b/c\ncovers R#1\ntransport tcp\ntype CON NON\n---\n>> GET\n<< *\n", 5, 10,
     "udp among the transports"},
    {TCP "> CON GET mid=1\n", 6, 3, "something else than a type, which means nothing on tcp"},
    {TCP "> GET mid=1\n", 6, 7, "a Message ID, which means nothing on tcp"},
    {TCP "> GET ver=1\n", 6, 7, "ver=, which means nothing on tcp"},
    {TCP "> BREW\n", 6, 3, "a code: c.dd"},
    {TCP "> GET len=4295033101\n", 6, 11, "a number from 0 to 4295033100"},
    {WS "> GET len=16\n", 6, 11, "a number from 0 to 15"},
    {BOTH "> GET len=16\n", 6, 11, "a number from 0 to 15"},
    {TCP "> GET len=1 len=2\n", 6, 13, "one len= only"},
    {HEAD "> CON GET mid=1 len=1\n", 6, 17, "len=, which means nothing on udp"},
    {TCP "> Ping Max-Message-Size=1\n", 6, 8, "the name of an option"},
    {TCP "> CSM Custody\n", 6, 7, "the name of an option"},
    {TCP "> raw $m\nalive\n", 6, 7, "a name that begins with t: $m"},
    {TCP "> frame ping\nalive\n", 6, 3, "a frame, which means nothing on tcp"},
    {BOTH "> upgrade\nalive\n", 6, 3, "an upgrade, which means nothing on tcp"},
    {HEAD "> slowly CON 0.00 mid=1\n", 6, 3, "slowly, which means nothing on udp"},
    {HEAD "close\n", 6, 1, "close, which means nothing on udp"},
    {HEAD "end\n", 6, 1, "end, which means nothing on udp"},
    {HEAD "< closed\n", 6, 3, "closed, which means nothing on udp"},
    {HEAD "< aborted\n", 6, 3, "aborted, which means nothing on udp"},
    {TCP "< dup 2.05\n", 6, 3, "dup, which means nothing on tcp"},
    {TCP "< RST 0.00\n", 6, 3, "a type, which means nothing on tcp"},
    {TCP "< CON|NON 2.05\n", 6, 3, "a type, which means nothing on tcp"},
    {TCP ">> GET\n<< ACK 2.05\n", 7, 4, "a type, which means nothing on tcp"},
    {MIXED ">> GET\n<< ACK 2.05\n", 7, 4, "a type, which means nothing on tcp"},
    {TCP "< 2.05 mid=1\n", 6, 8, "a Message ID, which means nothing on tcp"},
    {TCP "< Pong Max-Message-Size\n", 6, 8, "the name of an option"},
    {TCP "< frame close\n", 6, 3, "a frame, which means nothing on tcp"},
    {TCP "< upgrade 101\n", 6, 3, "an upgrade, which means nothing on tcp"},
    {MIXED "> CON 0.00 mid=1\n", 6, 3, "a scenario for udp alone or for streams alone"},
    {MIXED "> raw 00\n", 6, 3, "a scenario for udp alone or for streams alone"},
    {MIXED "< 2.05\n", 6, 3, "a type: CON"},
    {MIXED "< CON 2.05\n", 6, 3, "a type, which means nothing on tcp"},
    {WS "> frame\n", 6, 8, "an opcode"},
    {WS "> frame 16\n", 6, 9, "an opcode"},
    {WS "> frame shut\n", 6, 9, "an opcode"},
    {WS "> frame ping fin=2\n", 6, 18, "a number from 0 to 1"},
    {WS "> frame ping rsv=8\n", 6, 18, "a number from 0 to 7"},
    {WS "> frame ping mask=1\n", 6, 19, "0 for no mask, or 0x and eight"},
    {WS "> frame ping mask=0x123\n", 6, 19, "0 for no mask, or 0x and eight"},
    {WS "> frame ping length=8\n", 6, 21, "7, 16 or 64 bits"},
    {WS "> frame ping length=7 announce=126\n", 6, 35, "a longer form than length=7"},
    {WS "> frame ping announce=65536 length=16\n", 6, 38, "a longer form than length=16"},
    {WS "> frame ping rsv=1 rsv=2\n", 6, 20, "fin=, rsv=, mask="},
    {WS "> frame ping 0\n", 6, 15, "a second hex digit"},
    {WS "> frame ping 00 rsv=1\n", 6, 17, "or the payload"},
    {WS "> upgrade method=\n", 6, 18, "a word behind method="},
    {WS "> upgrade method=A method=B\n", 6, 20, "one method= only"},
    {WS "> upgrade Host\n", 6, 15, "= and a value"},
    {WS "> upgrade =\n", 6, 11, "method=, target="},
    {WS "> upgrade Host=x\n", 6, 16, "text in quotation marks"},
    {WS "< frame\n", 6, 8, "an opcode"},
    {WS "< frame ping|\n", 6, 14, "an opcode"},
    {WS "< frame close status=\n", 6, 22, "a status such as 1002"},
    {WS "< frame close status=65536\n", 6, 22, "a status such as 1002"},
    {WS "< frame close reason=\"x\"\n", 6, 15, "fin=, rsv=, mask="},
    {WS "< upgrade\n", 6, 10, "a status: 101"},
    {WS "< upgrade 10x\n", 6, 11, "a status: 101"},
    {WS "< upgrade 101 Upgrade=websocket\n", 6, 23, "text in quotation marks"},
    {WS "< upgrade 101 Upgrade=\"a\" ~\n", 6, 27, "the name of a header field"},
    {TCP "close\nalive\n", 7, 1, "port new or port first"},
    {TCP "close\n> Ping\n", 7, 1, "port new or port first"},
    {TCP "close\n< closed\n", 7, 1, "port new or port first"},
    {TCP "< closed -> pass\n| * -> pass\n", 7, 1, "a step that a wrong server can fail"},
    {TCP "< aborted -> pass\n| silence 1s -> pass\n| * -> quirk x\n", 8, 1,
     "a step that a wrong server can fail"},
    {TCP "< aborted within 2s within 3s\n", 6, 28, "one within only"},
    {TCP "< closed\n| < frame ping\n", 7, 5, "a frame, which means nothing on tcp"},
    {TCP "end\n", 6, 1, "end, which means nothing on tls"},
    /* DTLS and TLS. */
    {"# t\nid a/b/c\ncovers R#1\nsecurity plain\ntransport udp dtls\n---\nalive\n", 4, 10,
     "no dtls, tls or wss among the transports"},
    {"# t\nsecurity plain psk\n---\n", 2, 16, "plain alone, or no plain"},
    {"# t\nsecurity psk\nsecurity plain\n---\n", 3, 10, "plain alone, or no plain"},
    {"# t\nsecurity strong\n---\n", 2, 10, "psk, certificate, anonymous, identity=unknown"},
    {"# t\nid a/b/c\ncovers R#1\ntransport dtls\nsecurity anonymous key=wrong\n---\nalive\n", 5, 20,
     "psk: identity=, key= and suites of PSK mean nothing with anonymous"},
    {DTLS "open\n", 6, 5, "secure"},
    {DTLS "open secure secure\n", 6, 13, "psk, certificate, anonymous, identity=unknown"},
    {DTLS "open secure psk certificate\n", 6, 17, "one of psk, certificate and anonymous only"},
    {DTLS "open secure psk psk\n", 6, 17, "one of psk, certificate and anonymous only"},
    {DTLS "open secure identity=known\n", 6, 13, "psk, certificate, anonymous, identity=unknown"},
    {DTLS "open secure key=wrong key=wrong\n", 6, 23, "once only"},
    {DTLS "open secure certificate=none certificate=untrusted\n", 6, 30, "once only"},
    {DTLS "open secure suite=TLS_NOTHING\n", 6, 19, "the name of a suite"},
    {DTLS "open secure suite=TLS_PSK_WITH_AES_128_CCM suite=TLS_PSK_WITH_AES_128_CCM\n", 6, 44,
     "one suite= only"},
    {DTLS "open secure sni=\n", 6, 17, "a name behind sni="},
    {DTLS "open secure sni=a sni=b\n", 6, 19, "one sni= only"},
    {DTLS "open secure alpn=\n", 6, 18, "a name behind alpn="},
    {DTLS "open secure alpn=none alpn=coap\n", 6, 23, "one alpn= only"},
    {DTLS "open secure certificate identity=unknown\n", 6, 25, "nothing with certificate"},
    {DTLS "open secure certificate suite=TLS_PSK_WITH_AES_128_CCM\n", 6, 25,
     "nothing with certificate"},
    {DTLS "open secure psk certificate=none\n", 6, 17, "nothing with psk"},
    {DTLS "open secure psk suite=TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8\n", 6, 17, "nothing with psk"},
    {DTLS "open secure key=wrong certificate=none\n", 6, 23, "nothing with psk"},
    {DTLS "open secure anonymous certificate=untrusted\n", 6, 23, "nothing with anonymous"},
    {HEAD "open secure\n< secured\n", 6, 1, "open secure, which means nothing on udp"},
    {BOTH "open secure\n< secured\n", 6, 1, "open secure, which means nothing on tcp"},
    {DTLS "open secure\n", 6, 1, "< secured or < refused behind open secure"},
    {DTLS "open secure\nwait 1s\n", 7, 1, "< secured or < refused behind open secure"},
    {DTLS "open secure\n>> GET\n", 7, 1, "< secured or < refused behind open secure"},
    {DTLS "open secure\n< CON 2.05\n", 7, 1, "< secured or < refused behind open secure"},
    {DTLS "open secure\nsilence 2s\n", 7, 1, "< secured or < refused behind open secure"},
    {DTLS "open secure\n< secured\n| silence 2s\n", 8, 3, "< secured, < refused or * behind"},
    {DTLS "open secure\n< refused\n| < plain\n", 8, 3, "< secured, < refused or * behind"},
    {DTLS "< secured\n", 6, 1, "open secure just before secured and refused"},
    {DTLS "open secure\n< secured\n< CON 2.05\n| < refused\n", 9, 3, "open secure just before"},
    {HEAD "< secured\n", 6, 3, "secured, which means nothing on udp"},
    {TCP "< refused\n", 6, 3, "refused, which means nothing on tcp"},
    {DTLS "open secure\n< secured suite=X\n", 7, 17, "the name of a suite"},
    {DTLS "open secure\n< secured version=1.1\n", 7, 19, "1.2 or 1.3"},
    {DTLS "open secure\n< secured alpn\n", 7, 11, "suite=, version=, alpn="},
    {DTLS "open secure\n< secured !alpn=coap\n", 7, 16, "a space or the end"},
    {DTLS "open secure\n< secured alpn=\n", 7, 16, "a name behind alpn="},
    {TLS "open secure\n< secured cookie\n", 7, 11, "cookie, which means nothing on tls"},
    {DTLS "open secure\n< refused alert=bad\n", 7, 17, "the name of an alert"},
    {DTLS "open secure\n< refused alert=none alert=none\n", 7, 22, "one alert= only"},
    {DTLS "open secure\n< refused by=alert\n", 7, 11, "alert=, within, -> or ["},
    {DTLS "open secure\n< refused\n>> GET\n", 8, 1, "the handshake in use was refused"},
    {DTLS "open secure\n< refused\n| * -> fail\nalive\n", 9, 1, "the handshake in use was refused"},
    {DTLS "> alert\n", 6, 8, "the name of an alert"},
    {DTLS "> alert no_such\n", 6, 9, "the name of an alert"},
    {DTLS "> alert close_notify now\n", 6, 22, "the end of the line"},
    {DTLS "> alert close_notify\n>> GET\n", 7, 1, "our alert ended the session in use"},
    {DTLS "> alert close_notify\nalive\n", 7, 1, "our alert ended the session in use"},
    {HEAD "> alert close_notify\n", 6, 3, "an alert, which means nothing on udp"},
    {MIXED "< alert *\n", 6, 3, "an alert, which means nothing on udp"},
    {DTLS "< alert\n", 6, 8, "the name of an alert"},
    {DTLS "< alert close_notify|\n", 6, 22, "the name of an alert"},
    {HEAD "> plain CON 0.00 mid=1\n", 6, 3, "plain, which means nothing on udp"},
    {TLS "> plain raw 00\n", 6, 3, "plain, which means nothing on tls"},
    {DTLS "> plain 0.00\n", 6, 9, "a type (CON"},
    {DTLS "> plain raw\n", 6, 12, "bytes as pairs of hex digits"},
    {TLS "< plain\n", 6, 3, "plain, which means nothing on tls"},
    {DTLS "< plain raw\n", 6, 12, "bytes as pairs of hex digits behind raw"},
    {DTLS "< plain raw 0x\n", 6, 14, "a second hex digit"},
    {DTLS "< plain raw zz\n", 6, 13, "bytes as pairs of hex digits, within"},
    {DTLS "< plain CON\n", 6, 12, "a code: 2.05"},
};

START_TEST(refusals_say_where_and_what) {
  cs_span text = cs_span_str(broken[_i].text);
  cs_runner_arena arena = {0};
  cs_runner_error e;
  const cs_runner_scenario *s = NULL;
  ck_assert_msg(!cs_runner_parse(text, "x.scn", &names, &arena, &s, &e), "read: %s",
                broken[_i].text);
  ck_assert_ptr_null(s);
  ck_assert_msg(e.line == broken[_i].line && e.column == broken[_i].column &&
                    strncmp(e.message, "expected ", 9) == 0 && strstr(e.message, broken[_i].want),
                "wanted %u:%u: ... %s\ngot %u:%u: %s\nfor\n%s", broken[_i].line, broken[_i].column,
                broken[_i].want, e.line, e.column, e.message, broken[_i].text);
  cs_runner_release(&arena);
}
END_TEST

static const cs_runner_scenario *read(cs_runner_arena *arena, const char *text) {
  cs_runner_error e;
  const cs_runner_scenario *s = NULL;
  ck_assert_msg(cs_runner_parse(cs_span_str(text), "x.scn", &names, arena, &s, &e), "%u:%u: %s",
                e.line, e.column, e.message);
  return s;
}

START_TEST(the_header_is_kept) {
  cs_runner_arena arena = {0};
  const cs_runner_scenario *s = read(&arena, "# What is tested,\n#   on two lines.\n"
                                             "id 7252/4.3/ping\n# no title\ncovers R#1 R#2\n"
                                             "transport udp dtls\nneeds role:test !cap:observe\n"
                                             "defect ping-ignored\nparam slow\n---\nalive\n");
  ck_assert_str_eq(s->title, "What is tested, on two lines.");
  ck_assert_str_eq(s->id, "7252/4.3/ping");
  ck_assert_uint_eq(s->cover_count, 2);
  ck_assert_str_eq(s->covers[1], "R#2");
  ck_assert_uint_eq(s->transports, 1u << CS_RUNNER_UDP | 1u << CS_RUNNER_DTLS);
  ck_assert_uint_eq(s->need_count, 2);
  ck_assert(s->needs[1].lacking && s->needs[1].kind == CS_RUNNER_NEED_CAP);
  ck_assert_str_eq(s->defects[0], "ping-ignored");
  ck_assert(s->slow);
  cs_runner_release(&arena);
}
END_TEST

START_TEST(a_message_to_send_is_kept) {
  cs_runner_arena arena = {0};
  const cs_runner_scenario *s =
      read(&arena, HEAD "+1.5s > NON PUT mid=0x1234 token=$t ver=2 tkl=9 @test/a/b ETag=0x0102 "
                        "If-None-Match payload=\"a \\\"b\\\" \\x00\"\nalive\n");
  const cs_runner_step *step = &s->steps[0];
  const cs_runner_field *f = step->send.fields;
  ck_assert_uint_eq(step->time, 1500 * CS_MILLISECOND);
  ck_assert_uint_eq(step->send.type, CS_NON);
  ck_assert_uint_eq(step->send.code, CS_CODE(0, 3));
  ck_assert_uint_eq(step->send.field_count, 8);
  ck_assert(cs_span_equal(f[0].literal, cs_span_of("\x12\x34", 2)));
  ck_assert_int_eq(f[1].var, 0);
  ck_assert_str_eq(s->vars[0].name, "t");
  ck_assert_uint_eq(f[2].number, 2);
  ck_assert_uint_eq(f[3].number, 9);
  ck_assert_str_eq(f[4].role, "test");
  ck_assert_str_eq(f[4].suffix, "/a/b");
  ck_assert_uint_eq(f[5].number, 4);
  ck_assert_uint_eq(f[6].literal.len, 0);
  ck_assert(cs_span_equal(f[7].literal, cs_span_of("a \"b\" \0", 7)));
  cs_runner_release(&arena);
}
END_TEST

START_TEST(raw_bytes_are_kept) {
  cs_runner_arena arena = {0};
  const cs_runner_scenario *s = read(&arena, HEAD "> raw 4401 $m $t ff00\nalive\n");
  const cs_runner_send *send = &s->steps[0].send;
  ck_assert_int_eq(send->kind, CS_RUNNER_SEND_RAW);
  ck_assert_uint_eq(send->field_count, 4);
  ck_assert_int_eq(s->vars[0].kind, CS_RUNNER_KIND_MID);
  ck_assert_int_eq(s->vars[1].kind, CS_RUNNER_KIND_TOKEN);
  cs_runner_release(&arena);
}
END_TEST

START_TEST(alternatives_are_kept) {
  cs_runner_arena arena = {0};
  const cs_runner_scenario *s =
      read(&arena, HEAD ">> GET @test\n"
                        "<< 2.05 Content-Format=0 !ETag Max-Age payload~\"x\" within 2s..3s\n"
                        "| < CON|NON 4.xx|5.03 mid=$m -> quirk some-name [R#9]\n"
                        "| silence 500ms -> skip not there at all [R#8]\n"
                        "| * -> fail\n"
                        "< dup * 2.05\n");
  const cs_runner_step *step = &s->steps[1];
  const cs_runner_alternative *a = step->alternatives;
  ck_assert_uint_eq(step->alternative_count, 4);
  ck_assert_int_eq(a[0].kind, CS_RUNNER_RESPONSE);
  ck_assert(a[0].has_range && a[0].from == 2 * CS_SECOND && a[0].to == 3 * CS_SECOND);
  ck_assert_uint_eq(a[0].pattern.types, 15);
  ck_assert_int_eq(a[0].pattern.fields[1].relation, CS_RUNNER_ABSENT);
  ck_assert_int_eq(a[0].pattern.fields[2].relation, CS_RUNNER_PRESENT);
  ck_assert_int_eq(a[0].pattern.fields[3].relation, CS_RUNNER_CONTAINS);
  ck_assert_int_eq(a[0].verdict, CS_RUNNER_GO_ON);
  ck_assert_uint_eq(a[1].pattern.types, 3);
  ck_assert_uint_eq(a[1].pattern.code_count, 2);
  ck_assert_uint_eq(a[1].pattern.codes[0].detail, CS_RUNNER_ANY);
  ck_assert_str_eq(a[1].word, "some-name");
  ck_assert_str_eq(a[1].statement, "R#9");
  ck_assert_str_eq(a[2].word, "not there at all");
  ck_assert_uint_eq(a[2].to, 500 * CS_MILLISECOND);
  ck_assert_int_eq(a[3].kind, CS_RUNNER_ANYTHING);
  ck_assert(s->steps[2].alternatives[0].dup);
  /* A statement that a step names is covered by the case. */
  ck_assert_uint_eq(s->cover_count, 3);
  cs_runner_release(&arena);
}
END_TEST

START_TEST(what_streams_know_is_kept) {
  cs_runner_arena arena = {0};
  const cs_runner_scenario *s = read(
      &arena, "# t\nid a/b/c\ncovers R#1\ntransport tcp ws\nopen upgraded\nsecurity plain\n---\n"
              "> slowly Ping token=$t Custody len=3\n< Pong|7.05 Custody within 1s\n"
              "| < aborted -> fail [R#2]\n| < closed\nclose\nport new\n+1s > raw $t\nend\n"
              ">> NON GET @test\n<< * 2.05\n");
  ck_assert_int_eq(s->open, CS_RUNNER_OPEN_UPGRADED);
  ck_assert(s->steps[0].send.slowly);
  ck_assert_uint_eq(s->steps[0].send.code, CS_CODE(7, 2));
  ck_assert_uint_eq(s->steps[0].send.fields[1].number, 2); /* Custody, of a Ping */
  ck_assert_uint_eq(s->steps[0].send.fields[2].amount, 3);
  const cs_runner_alternative *a = s->steps[1].alternatives;
  ck_assert_uint_eq(a[0].pattern.code_count, 2);
  ck_assert_uint_eq(a[0].pattern.codes[0].detail, 3);
  ck_assert_uint_eq(a[0].pattern.fields[0].number, 2);
  ck_assert_int_eq(a[1].kind, CS_RUNNER_ABORTED);
  ck_assert_int_eq(a[2].kind, CS_RUNNER_CLOSED);
  ck_assert_int_eq(s->steps[2].kind, CS_RUNNER_CLOSE);
  ck_assert_int_eq(s->steps[5].kind, CS_RUNNER_END);
  /* What the transports share; a silence needs no connection. */
  read(&arena, MIXED ">> CON GET @test\n<< 2.05\n| << * 4.xx -> fail\nsilence 1s\nalive\n");
  read(&arena, TCP "alive\nclose\nsilence 1s\nport first\nalive\n");
  cs_runner_release(&arena);
}
END_TEST

START_TEST(frames_and_upgrades_are_kept) {
  cs_runner_arena arena = {0};
  const cs_runner_scenario *s =
      read(&arena, WS
           "> frame text fin=0 rsv=2 mask=0x01020304 length=16 announce=9 00 $t \"x\"\n"
           "> upgrade method=POST !Host +Upgrade=\"h2c\"\n"
           "< frame close|ping fin=1 rsv=0 mask=0 status=1002|1003 payload~\"x\"\n"
           "| < upgrade 101|4xx Upgrade~\"web\" !Foo Sec-WebSocket-Accept=accept Bar!=\"x\" Baz\n");
  const cs_runner_frame *f = &s->steps[0].send.frame;
  ck_assert(f->opcode == 1 && !f->fin && f->rsv == 2 && f->has_mask && f->form == 16);
  ck_assert(f->has_announce && f->announce == 9);
  ck_assert_mem_eq(f->mask, "\x01\x02\x03\x04", 4);
  ck_assert_uint_eq(s->steps[0].send.field_count, 3);
  const cs_runner_send *u = &s->steps[1].send;
  ck_assert_int_eq(u->kind, CS_RUNNER_SEND_UPGRADE);
  ck_assert_int_eq(u->fields[0].kind, CS_RUNNER_FIELD_METHOD);
  ck_assert_int_eq(u->fields[1].relation, CS_RUNNER_ABSENT);
  ck_assert_int_eq(u->fields[2].relation, CS_RUNNER_ONE_MORE);
  const cs_runner_alternative *a = s->steps[2].alternatives;
  ck_assert_uint_eq(a[0].pattern.opcodes, 1u << 8 | 1u << 9);
  ck_assert_uint_eq(a[0].pattern.fields[3].literal.len, 4);
  ck_assert_uint_eq(a[1].pattern.codes[0].detail, 1);
  ck_assert_uint_eq(a[1].pattern.codes[1].detail, CS_RUNNER_ANY);
  ck_assert_int_eq(a[1].pattern.fields[2].relation, CS_RUNNER_ACCEPT);
  ck_assert_str_eq(a[1].pattern.fields[4].name, "Baz");
  cs_runner_release(&arena);
}
END_TEST

/* A scenario for a transport is for the secured one too, unless it says no. */
START_TEST(transports_have_secured_twins) {
  static const struct {
    const char *header;
    unsigned transports;
  } rows[] = {
      {"transport udp\n", 1u << CS_RUNNER_UDP | 1u << CS_RUNNER_DTLS},
      {"transport tcp ws\n", CS_RUNNER_STREAMS},
      {"transport udp\nsecurity plain\n", 1u << CS_RUNNER_UDP},
      {"security plain\ntransport udp tcp ws\n", 7},
      {"transport dtls\n", 1u << CS_RUNNER_DTLS},
      {"transport tls wss\n", 1u << CS_RUNNER_TLS | 1u << CS_RUNNER_WSS},
      {"transport udp dtls\n", CS_RUNNER_DATAGRAMS},
      {"transport ws tls\n", 1u << CS_RUNNER_WS | 1u << CS_RUNNER_WSS | 1u << CS_RUNNER_TLS},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cs_runner_arena arena = {0};
    char text[256];
    snprintf(text, sizeof text, "# t\nid a/b/c\ncovers R#1\n%s---\nalive\n", rows[i].header);
    ck_assert_uint_eq(read(&arena, text)->transports, rows[i].transports);
    cs_runner_release(&arena);
  }
}
END_TEST

static bool needs(const cs_runner_scenario *s, const char *cap) {
  for (size_t i = 0; i < s->need_count; i++)
    if (s->needs[i].kind == CS_RUNNER_NEED_CAP && strcmp(s->needs[i].name, cap) == 0)
      return !s->needs[i].lacking;
  return false;
}

START_TEST(how_hands_are_shaken_is_kept) {
  static const struct {
    const char *fields;
    cs_runner_secure secure;
    const char *need;
  } rows[] = {
      {"", {.with = CS_RUNNER_WITH_ANY}, NULL},
      {"psk", {.with = CS_RUNNER_WITH_PSK}, "psk"},
      {"certificate", {.with = CS_RUNNER_WITH_CERTIFICATE}, "certificate"},
      {"anonymous", {.with = CS_RUNNER_WITH_NOTHING}, "anonymous"},
      {"identity=unknown key=wrong",
       {.with = CS_RUNNER_WITH_PSK, .identity_unknown = true, .key_wrong = true},
       "psk"},
      {"certificate=none",
       {.with = CS_RUNNER_WITH_CERTIFICATE, .certificate_none = true},
       "certificate"},
      {"certificate=untrusted certificate",
       {.with = CS_RUNNER_WITH_CERTIFICATE, .certificate_untrusted = true},
       "certificate"},
      {"suite=TLS_PSK_WITH_AES_128_CCM_8", {.with = CS_RUNNER_WITH_PSK, .suite = 0xc0a8}, "psk"},
      {"suite=TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
       {.with = CS_RUNNER_WITH_CERTIFICATE, .suite = 0xc0ae},
       "certificate"},
      {"anonymous suite=TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
       {.with = CS_RUNNER_WITH_NOTHING, .suite = 0xc0ae},
       "anonymous"},
      {"suite=TLS_AES_128_CCM_8_SHA256", {.suite = 0x1305}, NULL},
      {"sni=example alpn=h2", {.sni = "example", .alpn = "h2"}, NULL},
      {"alpn=none", {.alpn = ""}, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    for (unsigned header = 0; header < 2; header++) {
      cs_runner_arena arena = {0};
      char text[256];
      if (header)
        snprintf(text, sizeof text, "# t\nid a/b/c\ncovers R#1\ntransport tls%s%s\n---\nalive\n",
                 *rows[i].fields ? "\nsecurity " : "", rows[i].fields);
      else
        snprintf(text, sizeof text, DTLS "open secure %s\n< secured\n", rows[i].fields);
      const cs_runner_scenario *s = read(&arena, text);
      const cs_runner_secure *got = header ? &s->secure : &s->steps[0].secure;
      const cs_runner_secure *want = &rows[i].secure;
      ck_assert_msg(got->with == want->with && got->suite == want->suite &&
                        got->identity_unknown == want->identity_unknown &&
                        got->key_wrong == want->key_wrong &&
                        got->certificate_none == want->certificate_none &&
                        got->certificate_untrusted == want->certificate_untrusted,
                    "%s", rows[i].fields);
      ck_assert(!got->sni == !want->sni && (!got->sni || strcmp(got->sni, want->sni) == 0));
      ck_assert(!got->alpn == !want->alpn && (!got->alpn || strcmp(got->alpn, want->alpn) == 0));
      ck_assert(rows[i].need ? needs(s, rows[i].need) : s->need_count == 0);
      cs_runner_release(&arena);
    }
  }
}
END_TEST

START_TEST(what_sessions_know_is_kept) {
  cs_runner_arena arena = {0};
  const cs_runner_scenario *s =
      read(&arena, DTLS
           "> plain CON 0.00 mid=$m\n< plain RST 0.00 mid=$m -> fail\n| < plain raw 01 0203\n"
           "| < plain within 1s\n+1s > plain raw $m\nopen secure\n"
           "< secured suite=TLS_PSK_WITH_AES_128_CCM|TLS_PSK_WITH_AES_128_CCM_8 version=1.3 "
           "alpn=coap cookie within 20s\n"
           "| < refused alert=unknown_ca|handshake_failure -> pass\n"
           "| < refused alert=none -> quirk x\n| * -> fail\n"
           "> alert internal_error\n< alert close_notify|internal_error\n| < alert * -> fail\n");
  ck_assert(s->steps[0].send.plain && s->steps[0].send.kind == CS_RUNNER_SEND_MESSAGE);
  const cs_runner_alternative *a = s->steps[1].alternatives;
  ck_assert_int_eq(a[0].kind, CS_RUNNER_ALT_PLAIN);
  ck_assert_uint_eq(a[0].pattern.code_count, 1);
  ck_assert_uint_eq(a[1].pattern.field_count, 2);
  ck_assert_uint_eq(a[1].pattern.code_count, 0);
  ck_assert_uint_eq(a[2].pattern.field_count, 0);
  ck_assert(s->steps[2].send.plain && s->steps[2].send.kind == CS_RUNNER_SEND_RAW);
  ck_assert_int_eq(s->steps[3].kind, CS_RUNNER_OPEN_SECURE);
  a = s->steps[4].alternatives;
  ck_assert_int_eq(a[0].kind, CS_RUNNER_ALT_SECURED);
  ck_assert(cs_span_equal(a[0].pattern.fields[0].literal, cs_span_of("\xc0\xa4\xc0\xa8", 4)));
  ck_assert_uint_eq(a[0].pattern.fields[1].number, 0x0304);
  ck_assert(cs_span_equal(a[0].pattern.fields[2].literal, cs_span_str("coap")));
  ck_assert_int_eq(a[0].pattern.fields[3].kind, CS_RUNNER_FIELD_COOKIE);
  ck_assert_uint_eq(a[0].to, 20 * CS_SECOND);
  ck_assert(cs_span_equal(a[1].pattern.fields[0].literal, cs_span_of("\x30\x28", 2)));
  ck_assert_int_eq(a[2].pattern.fields[0].relation, CS_RUNNER_ABSENT);
  ck_assert_int_eq(s->steps[5].send.kind, CS_RUNNER_SEND_ALERT);
  ck_assert_uint_eq(s->steps[5].send.alert, 80);
  a = s->steps[6].alternatives;
  ck_assert_uint_eq(a[0].pattern.fields[0].literal.len, 2);
  ck_assert_uint_eq(a[1].pattern.field_count, 0);
  /* What a refusal leaves: another port, another handshake, what needs no session. */
  read(&arena, SECURED "open secure\n< refused\nport new\nalive\n");
  read(&arena, SECURED "open secure\n< refused\nopen secure\n< secured\n>> GET\n<< 2.05\n");
  read(&arena, DTLS "open secure\n< refused\n> plain raw 00\n< plain\n");
  read(&arena, SECURED "open secure\n< secured\n| < refused\n>> GET\n<< 2.05\n");
  read(&arena, SECURED "> alert close_notify\n< alert *\nport new\nalive\n");
  cs_runner_release(&arena);
}
END_TEST

START_TEST(a_variable_of_every_alternative_has_a_value_behind_them) {
  cs_runner_arena arena = {0};
  cs_runner_error e;
  const cs_runner_scenario *s;
  read(&arena, HEAD "< CON 2.05 ETag=$e\n| < NON 2.05 ETag=$e\n> CON GET mid=1 ETag=$e\nalive\n");
  ck_assert(!cs_runner_parse(
      cs_span_str(HEAD "< CON 2.05 ETag=$e\n| < NON 2.05\n> CON GET mid=1 ETag=$e\nalive\n"), "x",
      NULL, &arena, &s, &e));
  ck_assert_uint_eq(e.line, 8);
  /* One that ends the case binds nothing and hinders nothing. */
  read(&arena, HEAD "< CON 2.05 ETag=$e\n| < NON 2.05 -> fail\n> CON GET mid=1 ETag=$e\nalive\n");
  cs_runner_release(&arena);
}
END_TEST

START_TEST(line_ends_of_other_systems_are_taken) {
  cs_runner_arena arena = {0};
  const cs_runner_scenario *s =
      read(&arena, "# t\r\nid a/b/c\r\ncovers R#1\r\ntransport udp\r\n---\r\nalive\r\n");
  ck_assert_str_eq(s->id, "a/b/c");
  cs_runner_release(&arena);
}
END_TEST

START_TEST(limits_are_kept) {
  cs_runner_arena arena = {0};
  cs_runner_error e;
  const cs_runner_scenario *s;
  size_t cap = CS_RUNNER_FILE_MAX + 100;
  char *text = calloc(1, cap);
  memset(text, ' ', cap - 1);
  memcpy(text, HEAD "alive\n", strlen(HEAD "alive\n"));
  ck_assert(!cs_runner_parse(cs_span_str(text), "x", NULL, &arena, &s, &e));
  ck_assert_ptr_nonnull(strstr(e.message, "a file of at most 65536 bytes"));
  size_t at = strlen(HEAD);
  for (unsigned i = 0; i <= CS_RUNNER_STEPS_MAX; i++, at += 6)
    memcpy(text + at, "alive\n", 6);
  text[at] = '\0';
  ck_assert(!cs_runner_parse(cs_span_str(text), "x", NULL, &arena, &s, &e));
  ck_assert_ptr_nonnull(strstr(e.message, "at most 256 steps"));
  ck_assert_uint_eq(e.line, 6 + CS_RUNNER_STEPS_MAX);
  free(text);
  cs_runner_release(&arena);
}
END_TEST

/* A short line makes a long payload; a file of such lines, all of them only so much. */
START_TEST(payloads_are_limited_together) {
  enum { LINES = 66, LINE = 64 };
  cs_runner_arena arena = {0};
  cs_runner_error e;
  const cs_runner_scenario *s;
  char *text = calloc(LINES + 2, LINE);
  int at = snprintf(text, LINE, "# t\nid crash/0/x\ntransport udp\n---\n");
  for (unsigned i = 0; i < LINES; i++)
    at += snprintf(text + at, LINE, "> CON 0.01 mid=1 payload=131072*0x5a\n");
  ck_assert(!cs_runner_parse(cs_span_str(text), "x", NULL, &arena, &s, &e));
  ck_assert_msg(strstr(e.message, "at most 8388608 bytes in all") != NULL, "%s", e.message);
  ck_assert_uint_eq(e.line, 5 + 64);
  free(text);
  cs_runner_release(&arena);
}
END_TEST

START_TEST(durations) {
  static const struct {
    const char *text;
    cs_time time;
    const char *rest; /* NULL: refused */
  } rows[] = {{"2s", 2 * CS_SECOND, ""},
              {"0s", 0, ""},
              {"500ms x", 500000, " x"},
              {"1.5s", 1500000, ""},
              {"0.25s..", 250000, ".."},
              {"1s..2s", CS_SECOND, "..2s"},
              {"100000s", 100000 * CS_SECOND, ""},
              {"100001s", 0, NULL},
              {"2", 0, NULL},
              {"s", 0, NULL},
              {"2m", 0, NULL},
              {"", 0, NULL},
              {"99999999999999999999s", 0, NULL}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cs_span s = cs_span_str(rows[i].text);
    cs_time t = 0;
    ck_assert_msg(cs_runner_take_duration(&s, &t) == (rows[i].rest != NULL), "%s", rows[i].text);
    if (rows[i].rest) {
      ck_assert_uint_eq(t, rows[i].time);
      ck_assert(cs_span_equal(s, cs_span_str(rows[i].rest)));
    }
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("scenario_parse");
  TCase *tc = tcase_create("all");
  tcase_add_loop_test(tc, refusals_say_where_and_what, 0, sizeof broken / sizeof broken[0]);
  tcase_add_test(tc, the_header_is_kept);
  tcase_add_test(tc, a_message_to_send_is_kept);
  tcase_add_test(tc, raw_bytes_are_kept);
  tcase_add_test(tc, alternatives_are_kept);
  tcase_add_test(tc, what_streams_know_is_kept);
  tcase_add_test(tc, frames_and_upgrades_are_kept);
  tcase_add_test(tc, transports_have_secured_twins);
  tcase_add_test(tc, how_hands_are_shaken_is_kept);
  tcase_add_test(tc, what_sessions_know_is_kept);
  tcase_add_test(tc, a_variable_of_every_alternative_has_a_value_behind_them);
  tcase_add_test(tc, line_ends_of_other_systems_are_taken);
  tcase_add_test(tc, limits_are_kept);
  tcase_add_test(tc, payloads_are_limited_together);
  tcase_add_test(tc, durations);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
