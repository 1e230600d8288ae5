/* The container that holds a Pod's namespaces: sleeps, reaps orphans, leaves on TERM and INT. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void leave(int signal) { exit(0); }

static void reap(int signal) {
  while (waitpid(-1, NULL, WNOHANG) > 0) {}
}

int main(void) {
  struct sigaction on_child = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP};
  signal(SIGINT, leave);
  signal(SIGTERM, leave);
  sigaction(SIGCHLD, &on_child, NULL);
  for (;;) pause();
}
