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
  "  --section S        only cases about a section: 4.2, 7252/4.2 or RFC7252#4.2\n"                \
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
     "  --format F         text (default), or json: the JSON report on standard output\n"
     "  --pcap FILE        the packets once more, in this file\n" SELECTION
     "  --slow             also cases that last over 100 s\n"
     "  --jobs N           cases at the same time (32)\n"
     "  --seed N           shuffles the cases; Message IDs and tokens follow from it\n"
     "  --verbose          shows the messages of every case\n\n"
     "Exit: 0 all is well, 1 a case failed or has no verdict, 2 usage, 3 target not\n"
     "reachable, 4 target stopped answering, 5 an expected failure passed, 6 no case selected.\n",
     SELECTING "target spawn memory profile psk-file cacert cert key tls-keylog out format pcap "
               "slow jobs seed verbose",
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
     "  --extended-tokens N  accepts tokens of up to N bytes (RFC 8974), 8 to 65804 (8)\n"
     "  --defect NAME      with this defect; may be given several times\n"
     "  --list-defects     lists the defects and the requirements that they break\n"
     "  --seed N           for the server's Message IDs\n",
     "bind ws extended-tokens defect list-defects seed", cs_runner_command_serve},
    {"selftest", "show that each scenario catches the defects that it names",
     "usage: coapspec selftest [OPTION]...\n\n"
     "  --format F         text (default) or json\n"
     "  --scenarios DIR    the scenarios of a folder instead of those inside the program\n"
     "  --seed N           for Message IDs and tokens\n"
     "  --all-transports   defects of messages over DTLS and TLS too: it takes twice the time\n\n"
     "Exit: 0 every defect is caught, 1 one survives or a rule of completeness is broken.\n",
     "format scenarios seed all-transports", cs_runner_command_selftest},
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
