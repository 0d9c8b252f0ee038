#include "runner/cli.h"

#include <stdio.h>
#include <string.h>

struct command {
  const char *name;
  const char *what;
  const char *usage;
  const char *takes;
  int (*run)(cs_runner_args *args);
};

#define SELECTION                                                                                  \
  "  --only GLOB        only cases whose id matches, such as '7252/4.*'\n"                         \
  "  --exclude GLOB     not these\n"                                                               \
  "  --section S        only cases about a section: 4.2, 7252/4.2 or RFC7252#4.2,\n"               \
  "                     or RFC7252 for all of it\n"                                                \
  "  --level LEVEL      only cases about a MUST, a SHOULD or a MAY\n"                              \
  "  --transport T      only cases over udp, tcp, ws, dtls, tls or wss\n"                          \
  "  --scenarios DIR    the scenarios of a folder instead of those inside the program\n"
#define SELECTING "only exclude section level transport scenarios "

static const struct command commands[] = {
    {"run", "test a server and write the report",
     "usage: coapspec run [OPTION]... TARGET...\n\n"
     "Tests a target and writes report.txt, .html, .json, .xml (JUnit) and .pcap. A\n"
     "target is coap://HOST[:PORT], coap+tcp://..., coap+ws://..., coaps://...,\n"
     "coaps+tcp://..., coaps+ws://..., one of each or several of them in one run; or\n"
     "\"embedded\", the server inside this program.\n\n"
     "  --spawn 'CMD...'   starts this server, again when it dies; {port}, {port2} and\n"
     "                     {port3} are free ports, in TARGET too (default: {port})\n"
     "  --target TARGET    the same as TARGET\n"
     "  --memory           with embedded: in memory under virtual time (it is so anyway)\n"
     "  --profile P        what the target offers: a file, or embedded, default, libcoap-4.3.1\n"
     "  --psk-file FILE    over DTLS and TLS: our pre-shared key, a line identity:hexkey\n"
     "  --cacert FILE      whom to trust (PEM); without it any certificate will do\n"
     "  --cert FILE, --key FILE  our certificate and its key (PEM)\n"
     "  --tls-keylog FILE  appends the secrets of the sessions, for captures made elsewhere\n"
     "  --out DIR          where the report goes (out/conformance/<target>)\n"
     "  --format F         text (default); json: the JSON report on standard output; or\n"
     "                     jsonl: an object a line while the run goes on\n"
     "  --pcap FILE        the packets once more, in this file\n" SELECTION
     "  --slow             also cases that last over 100 s\n"
     "  --jobs N           cases at the same time (32)\n"
     "  --seed N           shuffles the cases; Message IDs and tokens follow from it\n"
     "  --verbose          shows the messages of every case\n"
     "  --workers N        with --spawn: so many servers, each with cases of its own (1)\n\n"
     "Care for devices:\n"
     "  --rate N           at most N messages a second (no limit)\n"
     "  --retries N        how often a case that failed is heard again, alone (1)\n"
     "  --timeout D        no case takes longer, such as 30s; it is inconclusive then\n"
     "  --time-limit D     the run ends then, with the report of what is decided\n"
     "  --reset-cmd 'CMD'  brings the target back when it stopped answering\n"
     "  --read-only        no case that may change anything: GET and FETCH alone\n"
     "  --robustness       also cases that strain a target that is another machine\n"
     "  --require CAP      a capability that no probe sees is a fail\n"
     "  --source ADDR      the address of ours to send from\n"
     "  --multicast        also cases that send to the group of all CoAP nodes, where the\n"
     "                     target is another machine: every device on its link hears them\n\n"
     "Exit: 0 all is well, 1 a case failed or has no verdict, 2 usage, 3 target not\n"
     "reachable, 4 target stopped answering, 5 an expected failure passed, 6 no case selected.\n",
     SELECTING "target spawn memory profile psk-file cacert cert key tls-keylog out format pcap "
               "slow jobs seed verbose workers rate retries timeout time-limit reset-cmd read-only "
               "robustness require source multicast",
     cs_runner_command_run},
    {"list", "list the cases",
     "usage: coapspec list [OPTION]...\n\n  --format F         text (default) or json\n" SELECTION,
     SELECTING "format", cs_runner_command_list},
    {"explain", "say what a case or a requirement is about",
     "usage: coapspec explain [--scenarios DIR] ID...\n\n"
     "ID is a case such as 7252/4.3/ping, or a requirement such as RFC7252#4.3:empty-con-reset.\n",
     "scenarios", cs_runner_command_explain},
    {"lint", "check scenario files",
     "usage: coapspec lint FILE...\n\n"
     "Prints file:line:column and what was expected there, and exits 2, when a scenario is "
     "wrong.\n",
     "", cs_runner_command_lint},
    {"serve", "run the server inside this program on every transport",
     "usage: coapspec serve [OPTION]...\n\n"
     "  --bind ADDR:PORT   where, on UDP and TCP (127.0.0.1:5683); port 0 takes a free one\n"
     "                     and prints it. DTLS and TLS are one port above\n"
     "  --ws ADDR:PORT     where, for WebSockets (the same address, PORT + 3000); secured\n"
     "                     ones are one port above\n"
     "  --multicast        hears the group of all CoAP nodes too, at the port of --bind\n"
     "  --extended-tokens N  accepts tokens of up to N bytes (RFC 8974), 8 to 65804 (8)\n"
     "  --defect NAME      with this defect; may be given several times\n"
     "  --list-defects     lists the defects and the requirements that they break\n"
     "  --seed N           for the server's Message IDs\n",
     "bind ws multicast extended-tokens defect list-defects seed", cs_runner_command_serve},
    {"selftest", "show that each scenario catches the defects that it names",
     "usage: coapspec selftest [OPTION]...\n\n"
     "  --format F         text (default) or json\n"
     "  --scenarios DIR    the scenarios of a folder instead of those inside the program\n"
     "  --seed N           for Message IDs and tokens\n"
     "  --all-transports   defects of messages over DTLS and TLS too: it takes twice the time\n\n"
     "Exit: 0 every defect is caught, 1 one survives or a rule of completeness is broken.\n",
     "format scenarios seed all-transports", cs_runner_command_selftest},
    {"replay", "play scenarios and reproducers against a server, one after the other",
     "usage: coapspec replay [OPTION]... FILE... TARGET\n\n"
     "Plays files that coapspec run (crashes/*.scn) or coapspec fuzz wrote, or any scenario,\n"
     "and says of each what the target, a URI, made of it, with the exchange.\n\n"
     "  --spawn 'CMD...'   starts this server, again when it dies; {port}, {port2} and\n"
     "                     {port3} are free ports, in TARGET too (default: {port})\n"
     "  --reset-cmd 'CMD'  brings back a target that stopped answering\n"
     "  --profile P        what the target offers: a file, or embedded, default, libcoap-4.3.1\n"
     "  --psk-file FILE    over DTLS and TLS: our pre-shared key, a line identity:hexkey\n"
     "  --cacert FILE      whom to trust (PEM); without it any certificate will do\n"
     "  --cert FILE, --key FILE  our certificate and its key (PEM)\n"
     "  --tls-keylog FILE  appends the secrets of the sessions, for captures made elsewhere\n"
     "  --out DIR          writes the reports, and what the server prints, there\n"
     "  --format F         text (default), or json: the JSON report on standard output\n"
     "  --source ADDR      sends from this address\n"
     "  --rate N           at most N messages a second\n"
     "  --timeout T        of one file, such as 30s\n"
     "  --seed N           for the Message IDs and tokens that a file leaves open\n"
     "  --verbose          shows long messages whole\n\n"
     "Exit: 0 nothing shows, 1 the target broke a rule or a file has no verdict, 2 usage,\n"
     "3 target not reachable, 4 the target ended or stopped answering.\n",
     "target spawn reset-cmd profile psk-file cacert cert key tls-keylog out format source rate "
     "timeout seed verbose",
     cs_runner_command_replay},
    {"fuzz", "look for inputs that a server does not survive, or answers wrongly",
     "usage: coapspec fuzz [OPTION]... TARGET...\n\n"
     "Changes the messages of the scenarios in every way, watches what a server makes of\n"
     "them, and writes for each finding a small file that coapspec replay plays again.\n"
     "A target is a URI as for coapspec run.\n\n"
     "  --spawn 'CMD...'   starts this server, again when it dies; {port}, {port2} and\n"
     "                     {port3} are free ports, in TARGET too (default: {port})\n"
     "  --reset-cmd 'CMD'  brings back a target that stopped answering\n"
     "  --seconds N        how long (60), divided among the targets\n"
     "  --seed N           the same seed, the same inputs\n"
     "  --jobs N           conversations at the same time (32; 8 over udp and dtls)\n"
     "  --robustness       needed for a target that is not on this machine; hostile\n"
     "                     scenarios are changed too\n"
     "  --profile P        what the target offers: a file, or a name as for run\n"
     "  --psk-file FILE, --cacert FILE, --cert FILE, --key FILE  credentials, as for run\n"
     "  --tls-keylog FILE  appends the secrets of the sessions\n"
     "  --out DIR          where findings/*.scn go (out/fuzz/<target>)\n"
     "  --format F         text (default), json, or jsonl: an object a line as it goes "
     "on\n" SELECTION "\n"
     "Exit: 0 nothing was found, 1 a rule was broken, 2 usage, 3 target not reachable,\n"
     "4 the target ended or stopped answering, 6 no scenario selected.\n",
     SELECTING "target spawn reset-cmd seconds seed jobs robustness profile psk-file cacert cert "
               "key tls-keylog out format",
     cs_runner_command_fuzz},
    {"coverage", "say which statements of the RFCs are exercised, and why others are not",
     "usage: coapspec coverage [OPTION]...\n\n"
     "Counts the statements of each RFC by section and level: exercised, and not\n"
     "observable, with the reasons. --verbose lists the statements.\n\n"
     "  --section S        only these: 4.2, 7252/4.2, RFC7252#4.2 or RFC7252\n"
     "  --level LEVEL      only a MUST, a SHOULD or a MAY\n"
     "  --format F         text (default) or json\n"
     "  --scenarios DIR    the scenarios of a folder instead of those inside the program\n"
     "  --verbose          each statement\n\n"
     "Exit: 0 every MUST is exercised or has a reason, 1 one has neither.\n",
     "format scenarios section level verbose", cs_runner_command_coverage},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *to) {
  fputs("usage: coapspec COMMAND [OPTION]...\n\n"
        "Tests CoAP servers against the RFCs.\n\n",
        to);
  for (size_t i = 0; i < COMMANDS; i++)
    fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].what);
  fputs("\ncoapspec COMMAND --help tells more; coapspec --version prints the version.\n"
        "Try: coapspec run embedded\n",
        to);
}

static void print_version(void) {
  printf("coapspec %s\nTLS: %s\n", COAPSPEC_VERSION, cs_tls_library());
}

static int run_command(const struct command *c, int argc, char **argv) {
  cs_runner_args args;
  int code = CS_RUNNER_EXIT_USAGE;
  if (!cs_runner_read_args(argc, argv, c->name, c->takes, &args)) {
    cs_runner_release(&args.arena);
    return code;
  }
  if (args.help) {
    fputs(c->usage, stdout);
    code = CS_RUNNER_EXIT_OK;
  } else if (args.version) {
    print_version();
    code = CS_RUNNER_EXIT_OK;
  } else {
    code = c->run(&args);
  }
  cs_runner_release(&args.arena);
  return code;
}

int cs_runner_main(int argc, char **argv) {
  const char *word = argc > 1 ? argv[1] : "";
  for (size_t i = 0; i < COMMANDS; i++)
    if (strcmp(word, commands[i].name) == 0)
      return run_command(&commands[i], argc - 1, argv + 1);
  if (strcmp(word, "--version") == 0) {
    print_version();
    return CS_RUNNER_EXIT_OK;
  }
  if (strcmp(word, "--help") == 0 || strcmp(word, "help") == 0 || strcmp(word, "-h") == 0) {
    print_help(stdout);
    return CS_RUNNER_EXIT_OK;
  }
  if (*word == '\0') {
    print_help(stderr);
    return CS_RUNNER_EXIT_USAGE;
  }
  return cs_runner_usage_error("%s is no command; coapspec --help lists them", word);
}
