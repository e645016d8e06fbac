/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* loopback ADDRESS: succeed if a connection to ourselves over ADDRESS is possible. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Open a socket for @address, any port.  Returns -1 if that is impossible. */
static int open_socket(const char *address, struct sockaddr_storage *ret, socklen_t *len)
{
	struct addrinfo want = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
	struct addrinfo *info;
	int sock;

	if (getaddrinfo(address, "0", &want, &info) != 0)
		return -1;
	memcpy(ret, info->ai_addr, info->ai_addrlen);
	*len = info->ai_addrlen;
	sock = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	freeaddrinfo(info);
	return sock;
}

int main(int argc, char **argv)
{
	struct sockaddr_storage address;
	socklen_t len = 0;
	int server;
	int client;

	if (argc != 2)
		return 2;
	server = open_socket(argv[1], &address, &len);
	client = open_socket(argv[1], &address, &len);
	if (bind(server, (struct sockaddr *)&address, len) < 0 || listen(server, 1) < 0 ||
	    getsockname(server, (struct sockaddr *)&address, &len) < 0 ||
	    connect(client, (struct sockaddr *)&address, len) < 0) {
		perror(argv[1]);
		return 1;
	}
	(void)close(client);
	(void)close(server);
	return 0;
}
