/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/sim/sim_testing.h"

#include <glib/gstdio.h>
#include <stdlib.h>

#include "sim/schema.h"

static int load(void **state)
{
    *state = sim_test_schema();
    return 0;
}

static int unload(void **state)
{
    schema_free(*state);
    return 0;
}

static void names_are_matched_without_regard_to_case(void **state)
{
    const SchemaClass *cls = schema_find(*state, "ROOT/Virtualization/V2", "msvm_computersystem");

    assert_non_null(cls);
    assert_string_equal(schema_class_name(cls), "Msvm_ComputerSystem");
    assert_non_null(schema_class_find_property(cls, "elementname"));
    assert_non_null(schema_class_find_method(cls, "requestSTATEchange"));
}

static void what_is_not_in_the_files_is_not_there(void **state)
{
    const SchemaClass *cls = schema_find(*state, V2, "Msvm_ComputerSystem");

    assert_null(schema_find(*state, V2, "Msvm_NoSuchThing"));
    assert_null(schema_find(*state, "root/nothing", "Msvm_ComputerSystem"));
    assert_false(schema_has_namespace(*state, "root/virtualization"));
    assert_null(schema_class_find_property(cls, "NoSuchProperty"));
    assert_null(schema_class_find_method(cls, "NoSuchMethod"));
}

static void properties_are_inherited_and_sorted(void **state)
{
    const SchemaClass *cls = schema_find(*state, V2, "Msvm_SecuritySettingData");

    assert_non_null(schema_class_find_property(cls, "InstanceID"));
    assert_true(schema_class_find_property(cls, "InstanceID")->key);
    assert_false(schema_class_find_property(cls, "TpmEnabled")->key);
    for (guint i = 1; i < schema_class_n_properties(cls); i++) {
        assert_true(g_ascii_strcasecmp(schema_class_property(cls, i - 1)->name,
                                       schema_class_property(cls, i)->name) < 0);
    }
}

static void keys_are_those_of_the_class(void **state)
{
    const SchemaClass *vm = schema_find(*state, V2, "Msvm_ComputerSystem");
    const SchemaClass *link = schema_find(*state, V2, "Msvm_SettingsDefineState");

    assert_true(schema_class_find_property(vm, "Name")->key);
    assert_true(schema_class_find_property(vm, "CreationClassName")->key);
    assert_false(schema_class_find_property(vm, "InstanceID")->key);
    assert_true(schema_class_is_association(link));
    assert_string_equal(schema_class_find_property(link, "SettingData")->ref,
                        "Msvm_VirtualSystemSettingData");
}

static void parameters_carry_direction_type_and_embedded_class(void **state)
{
    const SchemaClass *service = schema_find(*state, V2, "Msvm_SecurityService");
    const SchemaMethod *method = schema_class_find_method(service, "SetKeyProtector");
    const SchemaParam *setting = schema_method_find_param(method, "securitysettingdata");
    const SchemaParam *bytes = schema_method_find_param(method, "KeyProtector");
    const SchemaParam *job = schema_method_find_param(method, "Job");

    assert_true(setting->in && !setting->out);
    assert_string_equal(setting->value.embedded, "Msvm_SecuritySettingData");
    assert_true(bytes->value.array && bytes->value.type == CIM_UINT8);
    assert_true(job->out && !job->in);
    assert_string_equal(job->value.ref, "CIM_ConcreteJob");
    assert_true(schema_method_may_return(method, 4096));
    assert_false(schema_method_may_return(method, 4));
    assert_true(schema_method_may_return(
        schema_class_find_method(schema_find(*state, V2, "Msvm_VirtualSystemManagementService"),
                                 "DefineSystem"),
        32773)); /* in a range */
    assert_false(schema_method_is_static(method));
    assert_null(schema_method_find_param(method, "Nothing"));
}

static void hgs_methods_are_static(void **state)
{
    const SchemaClass *cls = schema_find(*state, HGS, "MSFT_HgsKeyProtector");
    const SchemaMethod *method = schema_class_find_method(cls, "NewByGuardians");

    assert_true(schema_method_is_static(method));
    assert_true(schema_class_find_property(cls, "RawData")->octets);
    assert_true(schema_method_find_param(method, "Guardian")->value.array);
}

static void an_old_host_lacks_what_came_later(void **state G_GNUC_UNUSED)
{
    g_autoptr(Schema) schema = sim_test_schema();

    schema_limit_version(schema, "6.3.9600");
    assert_null(schema_find(schema, V2, "Msvm_SecurityService"));
    assert_null(schema_find(schema, V2, "Msvm_SecuritySettingData"));
    assert_false(schema_has_namespace(schema, HGS));
    assert_non_null(schema_find(schema, V2, "Msvm_SummaryInformation"));
    assert_non_null(schema_find(schema, V2, "Msvm_VirtualSystemSettingData"));
}

static void a_2016_host_has_all(void **state G_GNUC_UNUSED)
{
    g_autoptr(Schema) schema = sim_test_schema();

    schema_limit_version(schema, "10.0.14393");
    assert_non_null(schema_find(schema, V2, "Msvm_SecurityService"));
    assert_true(schema_has_namespace(schema, HGS));
    schema_drop_namespace(schema, HGS);
    assert_false(schema_has_namespace(schema, HGS));
}

static void files_that_are_not_of_the_form_are_refused(void **state G_GNUC_UNUSED)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{\"namespace\": \"root/x\"}",
        "{\"namespace\": \"root/x\", \"classes\": {\"A\": {\"super\": \"B\"}}}",
        "{\"namespace\": \"root/x\", \"classes\": {\"A\": {\"super\": \"A\"}}}",
        "{\"namespace\": \"root/x\", \"classes\": {\"A\": {\"odd\": 1}}}",
        "{\"namespace\": \"root/x\", \"classes\": {\"A\": {\"keys\": [\"K\"]}}}",
        "{\"namespace\": \"root/x\", \"classes\": {\"A\": {\"properties\": {\"P\": \"int\"}}}}",
        "{\"namespace\": \"root/x\", \"classes\": {\"A\": {\"properties\": {\"P\": \"ref\"}}}}",
        "{\"namespace\": \"root/x\", \"classes\": {\"A\": {\"properties\": {\"P\": 7}}}}",
        "{\"namespace\": \"root/x\", \"classes\": {\"A\": {\"properties\": {\"P\": \"string odd\"}}}}",
        "{\"namespace\": \"root/x\", \"classes\": {\"A\": {\"methods\": {\"M\": {\"params\": {\"P\": \"string\"}}}}}}",
    };
    g_autofree char *folder = g_dir_make_tmp("hvsim-schema-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "x.json", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Schema) schema = NULL;

        assert_true(g_file_set_contents(path, bad[i], -1, NULL));
        schema = schema_load(folder, &error);
        if (schema)
            fail_msg("taken: %s", bad[i]);
        assert_non_null(error);
        assert_non_null(strstr(error->message, "x.json"));
    }
    g_unlink(path);
    g_rmdir(folder);
}

static void compare_with(const char *source)
{
    g_autofree char *folder = sim_test_schema_folder();
    g_autofree char *tool = g_build_filename(g_getenv("MSVM_SRCDIR") ? g_getenv("MSVM_SRCDIR") : ".",
                                             "tools", "schema-import", NULL);
    const char *argv[] = { "python3", tool, "--check", source, folder, NULL };
    g_autofree char *output = NULL;
    int status = -1;

    assert_true(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL,
                             &status, NULL));
    if (status != 0)
        fail_msg("%s", output);
}

static char *published_schema(void)
{
    const char *samples = g_getenv("MSVM_SAMPLES_DIR");
    g_autofree char *path = samples ? g_build_filename(samples, "hyperv-schema.json", NULL) : NULL;

    return path && g_file_test(path, G_FILE_TEST_EXISTS) ? g_steal_pointer(&path) : NULL;
}

static void the_files_say_what_the_published_schema_says(void **state G_GNUC_UNUSED)
{
    g_autofree char *source = published_schema();

    compare_with(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_matched_without_regard_to_case),
        cmocka_unit_test(what_is_not_in_the_files_is_not_there),
        cmocka_unit_test(properties_are_inherited_and_sorted),
        cmocka_unit_test(keys_are_those_of_the_class),
        cmocka_unit_test(parameters_carry_direction_type_and_embedded_class),
        cmocka_unit_test(hgs_methods_are_static),
        cmocka_unit_test(an_old_host_lacks_what_came_later),
        cmocka_unit_test(a_2016_host_has_all),
        cmocka_unit_test(files_that_are_not_of_the_form_are_refused),
        cmocka_unit_test(the_files_say_what_the_published_schema_says),
    };

    g_autofree char *published = published_schema();
    gsize n = G_N_ELEMENTS(tests);

    /* The last one only where there is something to compare with. */
    return _cmocka_run_group_tests("tests", tests, published ? n : n - 1, load, unload);
}
