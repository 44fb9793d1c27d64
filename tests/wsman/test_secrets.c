/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * After a key protector was sent and another received, nothing of them is
 * left anywhere in this process. The server is another process, so that its
 * memory does not count; what is looked for is kept here in disguise only.
 */
#include "tests/wsman/support.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wsman/wsman_buffer.h"

#define V2 "root/virtualization/v2"
#define URI "http://schemas.microsoft.com/wbem/wsman/1/wmi/" V2 "/"
#define DISGUISE 0x5a
#define PATTERN 24     /* bytes that are looked for */
#define SECRET_SIZE 6000

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* freed memory is kept in quarantine, shadows abound */
#else
#define SANITIZED 0
#endif

/* Bytes that follow each other nowhere else, made anew each time. */
static void
fill(guint8 *data, gsize size, guint32 seed)
{
    guint32 x = seed;

    for (gsize i = 0; i < size; i++) {
        x = x * 1664525u + 1013904223u;
        data[i] = (guint8)(x >> 24);
    }
}

static void
answer_protector(const HttpExchange *exchange, gpointer opaque)
{
    guint8 data[SECRET_SIZE];
    g_autofree char *base64 = NULL;
    g_autofree char *body = NULL;

    fill(data, sizeof(data), 77);
    base64 = g_base64_encode(data, sizeof(data));
    body = g_strdup_printf("<o:Do_OUTPUT xmlns:o=\"" URI "Msvm_X\"><o:KeyProtector>%s</o:KeyProtector></o:Do_OUTPUT>",
                           base64);
    test_answer(exchange, body);
}

static pid_t
start_server(const TlsIdentity *identity, char *url, gsize size)
{
    int pipe_fds[2];
    pid_t child;

    if (pipe(pipe_fds) != 0)
        return -1;
    child = fork();
    if (child == 0) {
        HttpServer *server = http_server_new(answer_protector, NULL, identity, HTTP_NORMAL);

        if (write(pipe_fds[1], http_server_url(server), strlen(http_server_url(server)) + 1) < 0)
            _exit(1);
        alarm(60);
        pause();
        _exit(0);
    }
    close(pipe_fds[1]);
    if (read(pipe_fds[0], url, size) <= 0)
        url[0] = '\0';
    close(pipe_fds[0]);
    return child;
}

/* The caller's own copy is as short-lived as can be. */
static void
exchange_secrets(const char *url, const char *cacert)
{
    WsmanClientOptions options = { .url = url, .auth = "basic", .cacert = cacert, .credentials = test_credentials };
    g_autoptr(WsmanClient) client = wsman_client_new(&options, NULL);
    g_autoptr(WsmanEpr) target = wsman_epr_new(V2, "Msvm_X");
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autoptr(WsmanInstance) output = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) received = NULL;
    guint8 data[SECRET_SIZE];

    fill(data, sizeof(data), 42);
    wsman_args_add_secret_bytes(args, "KeyProtector", data, sizeof(data));
    wsman_wipe(data, sizeof(data));
    output = wsman_client_invoke(client, target, "Do", args, NULL, &error);
    assert_no_error(error);
    received = wsman_instance_get_bytes(output, "KeyProtector");
    assert_non_null(received);
    assert_int_equal(g_bytes_get_size(received), SECRET_SIZE);
}

static gboolean
is_there(const guint8 *memory, const guint8 *disguised)
{
    for (gsize i = 0; i < PATTERN; i++) {
        if ((memory[i] ^ DISGUISE) != disguised[i])
            return FALSE;
    }
    return TRUE;
}

/* In all that is readable and writable. */
static gboolean
find_in_memory(const guint8 *disguised)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    gboolean found = FALSE;

    assert_non_null(maps);
    while (!found && fgets(line, sizeof(line), maps)) {
        unsigned long start, end;
        char mode[5];

        if (sscanf(line, "%lx-%lx %4s", &start, &end, mode) != 3 || strncmp(mode, "rw", 2) != 0 ||
            strstr(line, "[v"))
            continue;
        for (const guint8 *at = (const guint8 *)start; !found && at + PATTERN < (const guint8 *)end; at++)
            found = is_there(at, disguised);
    }
    fclose(maps);
    return found;
}

/* From a place of the secret, as it is or in base64. */
static void
make_pattern(guint8 *disguised, guint32 seed, gsize offset, gboolean base64)
{
    guint8 data[SECRET_SIZE];

    fill(data, sizeof(data), seed);
    if (base64) {
        /* Offsets in threes keep base64 aligned. */
        char *text = g_base64_encode(data + offset, PATTERN);

        memcpy(data + offset, text, PATTERN);
        wsman_wipe_string(text);
        g_free(text);
    }
    for (gsize i = 0; i < PATTERN; i++)
        disguised[i] = data[offset + i] ^ DISGUISE;
    wsman_wipe(data, sizeof(data));
}

static void
assert_nowhere(guint32 seed, const char *what)
{
    static const gsize offsets[] = { 0, 1500, 3000, 4500, 5970 };
    guint8 disguised[PATTERN];

    for (gsize i = 0; i < G_N_ELEMENTS(offsets); i++) {
        for (int base64 = 0; base64 < 2; base64++) {
            make_pattern(disguised, seed, offsets[i], base64);
            if (find_in_memory(disguised))
                fail_msg("what was %s is left in memory, from byte %zu, %s", what, offsets[i],
                         base64 ? "in base64" : "as it was");
        }
    }
}

static void
the_search_finds_what_is_there(void **state)
{
    guint8 disguised[PATTERN];
    guint8 *copy;

    make_pattern(disguised, 42, 1500, FALSE);
    assert_false(find_in_memory(disguised));
    copy = g_malloc(PATTERN);
    for (gsize i = 0; i < PATTERN; i++)
        copy[i] = disguised[i] ^ DISGUISE;
    assert_true(find_in_memory(disguised));
    wsman_wipe(copy, PATTERN);
    g_free(copy);
}

/* With a server in a process of its own, which ends before this returns. */
static void
run_exchange(gboolean with_tls)
{
    TlsIdentity *identity = with_tls ? tls_identity_new("localhost", -1, 10) : NULL;
    char url[128] = "";
    pid_t server = start_server(identity, url, sizeof(url));

    assert_true(server > 0);
    exchange_secrets(url, identity ? tls_identity_ca_file(identity) : NULL);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    if (identity)
        tls_identity_free(identity);
}

static void
nothing_of_a_protector_stays_in_memory(void **state)
{
    run_exchange(FALSE);
    assert_nowhere(42, "sent");
    assert_nowhere(77, "received");
}

/* Of what was received, GnuTLS leaves its record buffers as they are. */
static void
nothing_of_what_was_sent_stays_in_memory_over_tls(void **state)
{
    run_exchange(TRUE);
    assert_nowhere(42, "sent");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_search_finds_what_is_there),
        cmocka_unit_test(nothing_of_a_protector_stays_in_memory),
        cmocka_unit_test(nothing_of_what_was_sent_stays_in_memory_over_tls),
    };

    if (SANITIZED)
        return test_skip_all("sanitizers keep freed memory");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
