/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client against hvsim, which reads and writes the protocol with code of
 * its own. Skipped where hvsim was not built.
 */
#include "tests/wsman/support.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#define V2 "root/virtualization/v2"
#define N_MACHINES 300

typedef struct {
    GSubprocess *process;
    char *folder;
    char *url;
    char *ca;
} Simulator;

static char *
in_folder(const Simulator *sim, const char *name)
{
    return g_build_filename(sim->folder, name, NULL);
}

static void
write_password(const Simulator *sim)
{
    g_autofree char *path = in_folder(sim, "password");

    assert_true(g_file_set_contents_full(path, TEST_PASSWORD "\n", -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

/* Its first line says where it listens. */
static char *
read_url(GSubprocess *process)
{
    g_autoptr(GDataInputStream) out = g_data_input_stream_new(g_subprocess_get_stdout_pipe(process));
    g_autofree char *line = g_data_input_stream_read_line(out, NULL, NULL, NULL);
    const char *port = line ? strrchr(line, ':') : NULL;

    return port ? g_strconcat("https://localhost", port, NULL) : NULL;
}

static char *
find_program(void)
{
    const char *build = g_getenv("MSVM_BUILDDIR");

    return g_build_filename(build ? build : ".", "hvsim", NULL);
}

/* Not to be left behind by a test that fails. */
static void
die_with_us(gpointer unused)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static Simulator *
start(const char *fault)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    const char *source = g_getenv("MSVM_SRCDIR");
    g_autofree char *program = find_program();
    g_autofree char *schema = g_build_filename(source ? source : ".", "sim", "schema", NULL);
    g_autofree char *machines = g_strdup_printf("%d", N_MACHINES);
    g_autofree char *password = NULL;
    g_autofree char *tls = NULL;
    Simulator *sim;

    sim = g_new0(Simulator, 1);
    sim->folder = g_dir_make_tmp("wsman-hvsim-XXXXXX", NULL);
    write_password(sim);
    password = in_folder(sim, "password");
    tls = in_folder(sim, "tls");
    sim->ca = g_build_filename(tls, "ca.pem", NULL);
    g_subprocess_launcher_set_child_setup(launcher, die_with_us, NULL, NULL);
    sim->process = g_subprocess_launcher_spawn(launcher, NULL, program, "--user", TEST_USER, "--password-file",
                                               password, "--tls-dir", tls, "--port", "0", "--vms", machines,
                                               "--job-ms", "10", "--schema", schema, "--fault",
                                               fault ? fault : "when=Put,nth=1,do=reset", NULL);
    assert_non_null(sim->process);
    sim->url = read_url(sim->process);
    assert_non_null(sim->url);
    return sim;
}

static void
remove_folder(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);

    for (const char *name = g_dir_read_name(folder); name; name = g_dir_read_name(folder)) {
        g_autofree char *inside = g_build_filename(path, name, NULL);

        if (g_file_test(inside, G_FILE_TEST_IS_DIR))
            remove_folder(inside);
        else
            g_unlink(inside);
    }
    g_rmdir(path);
}

static void
stop(Simulator *sim)
{
    g_subprocess_force_exit(sim->process);
    g_subprocess_wait(sim->process, NULL, NULL);
    g_object_unref(sim->process);
    remove_folder(sim->folder);
    g_free(sim->folder);
    g_free(sim->url);
    g_free(sim->ca);
    g_free(sim);
}

static WsmanClient *
connect_to(const Simulator *sim)
{
    WsmanClientOptions options = {
        .url = sim->url, .cacert = sim->ca, .operation_timeout_ms = 20000, .credentials = test_credentials,
    };
    GError *error = NULL;
    WsmanClient *client = wsman_client_new(&options, &error);

    assert_no_error(error);
    return client;
}

static WsmanEpr *
service(void)
{
    WsmanEpr *epr = wsman_epr_new(V2, "Msvm_VirtualSystemManagementService");

    wsman_epr_add_selector(epr, "CreationClassName", "Msvm_VirtualSystemManagementService");
    return epr;
}

static GPtrArray *
query(WsmanClient *client, const char *wql)
{
    GError *error = NULL;
    GPtrArray *items = wsman_client_query(client, V2, wql, NULL, &error);

    assert_no_error(error);
    return items;
}

static void
all_machines_come_once_in_batches_of_any_size(void **state)
{
    Simulator *sim = start(NULL);
    g_autoptr(WsmanClient) client = connect_to(sim);
    g_autoptr(GPtrArray) items = query(client, "select * from Msvm_ComputerSystem");
    g_autoptr(GPtrArray) names = query(client, "select Name from Msvm_ComputerSystem");
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < items->len; i++) {
        const char *name = wsman_instance_get_string(g_ptr_array_index(items, i), "Name");

        assert_non_null(name);
        assert_true(g_hash_table_add(seen, (gpointer)name));
    }
    assert_int_equal(items->len, N_MACHINES + 1);
    assert_int_equal(names->len, N_MACHINES + 1);
    for (guint i = 0; i < names->len; i++)
        assert_true(g_hash_table_contains(seen, wsman_instance_get_string(g_ptr_array_index(names, i), "Name")));
    stop(sim);
}

static WsmanInstance *
define(WsmanClient *client, const char *name, const char *notes, GError **error)
{
    g_autoptr(WsmanInstance) settings = wsman_instance_new(V2, "Msvm_VirtualSystemSettingData");
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autoptr(WsmanEpr) target = service();
    const char *const lines[] = { notes, NULL };

    wsman_instance_set_string(settings, "ElementName", name);
    wsman_instance_set_string(settings, "VirtualSystemSubType", "Microsoft:Hyper-V:SubType:2");
    wsman_instance_set_array(settings, "Notes", WSMAN_CIM_STRING, lines);
    wsman_args_add_embedded(args, "SystemSettings", settings);
    return wsman_client_invoke(client, target, "DefineSystem", args, NULL, error);
}

static void
awkward_texts_arrive_at_the_host_and_come_back(void **state)
{
    static const char name[] = "<a> & \"b\" 'c' ]]> \303\244\342\202\254";
    static const char notes[] = "line 1\nline 2\t<INSTANCE> &amp; end";
    Simulator *sim = start(NULL);
    g_autoptr(WsmanClient) client = connect_to(sim);
    GError *error = NULL;
    g_autoptr(WsmanInstance) output = define(client, name, notes, &error);
    g_autofree char *literal = wsman_wql_quote(name);
    g_autofree char *wql = g_strdup_printf("select * from Msvm_VirtualSystemSettingData where ElementName = %s", literal);
    g_autoptr(GPtrArray) found = NULL;

    assert_no_error(error);
    found = query(client, wql);
    assert_int_equal(found->len, 1);
    assert_string_equal(wsman_instance_get_string(g_ptr_array_index(found, 0), "ElementName"), name);
    assert_string_equal(wsman_instance_get_string(g_ptr_array_index(found, 0), "Notes"), notes);
    stop(sim);
}

static void
references_lead_to_their_instances(void **state)
{
    Simulator *sim = start(NULL);
    g_autoptr(WsmanClient) client = connect_to(sim);
    GError *error = NULL;
    g_autoptr(WsmanInstance) output = define(client, "referenced", "", &error);
    g_autoptr(WsmanInstance) machine = NULL;
    g_autoptr(GPtrArray) settings = NULL;
    g_autofree char *path = NULL;
    g_autofree char *wql = NULL;

    assert_no_error(error);
    machine = wsman_client_get(client, wsman_instance_get_epr(output, "ResultingSystem"), NULL, &error);
    assert_no_error(error);
    assert_string_equal(wsman_instance_get_string(machine, "ElementName"), "referenced");
    path = wsman_epr_to_object_path(wsman_instance_get_epr(output, "ResultingSystem"));
    wql = g_strdup_printf("associators of {%s} where ResultClass = Msvm_VirtualSystemSettingData", path);
    settings = query(client, wql);
    assert_int_equal(settings->len, 1);
    stop(sim);
}

static void
what_the_host_refuses_is_told_apart(void **state)
{
    Simulator *sim = start(NULL);
    g_autoptr(WsmanClient) client = connect_to(sim);
    g_autoptr(WsmanEpr) target = service();
    g_autoptr(WsmanEpr) nobody = wsman_epr_new(V2, "Msvm_ComputerSystem");
    g_autoptr(GError) no_class = NULL;
    g_autoptr(GError) no_namespace = NULL;
    g_autoptr(GError) no_instance = NULL;
    g_autoptr(GError) no_method = NULL;

    assert_null(wsman_client_query(client, V2, "select * from Msvm_Nothing", NULL, &no_class));
    assert_error(no_class, WSMAN_ERROR_INVALID_CLASS);
    assert_null(wsman_client_query(client, "root/nothing", "select * from X", NULL, &no_namespace));
    assert_error(no_namespace, WSMAN_ERROR_INVALID_CLASS);
    wsman_epr_add_selector(nobody, "CreationClassName", "Msvm_ComputerSystem");
    wsman_epr_add_selector(nobody, "Name", "NOBODY");
    assert_null(wsman_client_get(client, nobody, NULL, &no_instance));
    assert_error(no_instance, WSMAN_ERROR_NOT_FOUND);
    assert_null(wsman_client_invoke(client, target, "Nothing", NULL, NULL, &no_method));
    assert_error(no_method, WSMAN_ERROR_INVALID_METHOD);
    stop(sim);
}

/* The host made the machine, and the answer was lost: it must not be made twice. */
static void
a_lost_answer_is_told_and_nothing_is_done_twice(void **state)
{
    Simulator *sim = start("when=DefineSystem,nth=1,count=1,do=reset-after");
    g_autoptr(WsmanClient) client = connect_to(sim);
    g_autoptr(WsmanIdentity) warm = wsman_client_identify(client, NULL, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = NULL;

    assert_non_null(warm);
    assert_null(define(client, "lost", "", &error));
    assert_error(error, WSMAN_ERROR_CONNECT);
    assert_true(wsman_error_may_have_run(error));
    found = query(client, "select * from Msvm_ComputerSystem where ElementName = \"lost\"");
    assert_int_equal(found->len, 1);
    stop(sim);
}

static void
a_query_survives_a_pull_that_is_cut_off(void **state)
{
    static const char *const faults[] = {
        "when=Pull,nth=2,count=1,do=reset-mid", "when=Pull,nth=1,count=1,do=reset",
        "when=Pull,nth=2,count=1,do=truncate:1000", "when=Enumerate,nth=1,count=1,do=reset-after",
        "when=Pull,nth=2,count=1,do=huge", "when=Pull,nth=1,count=1,do=fault:0x80338029:w:TimedOut",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
        Simulator *sim = start(faults[i]);
        g_autoptr(WsmanClient) client = connect_to(sim);
        g_autoptr(GPtrArray) items = query(client, "select * from Msvm_ComputerSystem");

        assert_int_equal(items->len, N_MACHINES + 1);
        stop(sim);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_machines_come_once_in_batches_of_any_size),
        cmocka_unit_test(awkward_texts_arrive_at_the_host_and_come_back),
        cmocka_unit_test(references_lead_to_their_instances),
        cmocka_unit_test(what_the_host_refuses_is_told_apart),
        cmocka_unit_test(a_lost_answer_is_told_and_nothing_is_done_twice),
        cmocka_unit_test(a_query_survives_a_pull_that_is_cut_off),
    };

    g_autofree char *program = find_program();

    if (!g_file_test(program, G_FILE_TEST_IS_EXECUTABLE))
        return test_skip_all("hvsim is not built");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
