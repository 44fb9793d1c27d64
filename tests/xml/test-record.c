/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include <string.h>
#include <unistd.h>

#include "tests/xml/xml_test.h"

#define MARKER "---- libvirt-msvm: kept by libvirt, do not edit below ----"
#define UUID "c7a5fdbd-edaf-9455-926a-d65c16db1809"
#define OTHER "d8b6fece-feb0-a566-a37b-e76d27ec291a"
#define RECORD "<record version='1' uuid='" UUID "'>\n  <title text='T'/>\n  <hint key='a' value='b'/>\n</record>"

static MsvmRecord *
make_record(const char *description)
{
    MsvmRecord *record = msvmRecordNew();

    record->uuid = g_strdup(UUID);
    record->description = g_strdup(description);
    return record;
}


static void
assert_comes_back(const MsvmRecord *record)
{
    g_autofree char *notes = msvmRecordFormat(record);
    g_autoptr(MsvmRecord) back = msvmRecordParse(notes);
    guint i;

    assert_string_equal(back->uuid, record->uuid);
    assert_int_equal(g_strcmp0(back->title, record->title), 0);
    if (g_strcmp0(back->description, record->description) != 0)
        fail_msg("description '%s' came back as '%s'", record->description, back->description);
    assert_int_equal(back->pending, record->pending);
    assert_int_equal(back->hints->len, record->hints->len);
    for (i = 0; i < record->hints->len; i++) {
        const MsvmRecordHint *hint = g_ptr_array_index(record->hints, i);

        assert_string_equal(msvmRecordGetHint(back, hint->key), hint->value);
    }
}


static void
test_any_text_comes_back(void **state G_GNUC_UNUSED)
{
    static const char *const texts[] = {
        "one line", "two\nlines", "  leading", "trailing  ", "a  \nb", "\nfirst", "last\n", "a\n\n\nb", "tab\tin",
        "\t", " ", "<&>'\"", "a\r\nb", "\r", "]]>", "<!-- -->", MARKER, "before\n" MARKER "\n" RECORD,
        "</record>", "Zürich 東京 \xf0\x9f\x98\x80", "a\xc2\xa0",
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(MsvmRecord) record = make_record(texts[i]);

        record->title = g_strdup(texts[i]);
        msvmRecordSetHint(record, texts[i], texts[i]);
        msvmRecordSetHint(record, "empty", "");
        assert_comes_back(record);
    }
}


static void
test_plain_descriptions_are_free_text_above_the_marker(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmRecord) record = make_record("What it is for.\nSecond line.");
    g_autofree char *notes = NULL;

    record->title = g_strdup("T");
    msvmRecordSetHint(record, "a", "b");
    notes = msvmRecordFormat(record);
    assert_string_equal(notes, "What it is for.\nSecond line.\n" MARKER "\n" RECORD);
}


static void
test_what_xml_cannot_hold_is_left_out(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmRecord) record = make_record(NULL);
    g_autoptr(MsvmRecord) back = NULL;
    g_autofree char *notes = NULL;

    record->title = g_strdup("a\x01" "b\x1f" "c\xff" "d");
    notes = msvmRecordFormat(record);
    back = msvmRecordParse(notes);
    assert_string_equal(back->uuid, UUID);
    assert_string_equal(back->title, "abc\xef\xbf\xbd" "d");
}


/* What people and tools do to notes. */
static char *
crlf(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    return g_strjoinv("\r\n", lines);
}


static char *
pad(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    return g_strjoinv("  \t\n", lines);
}


static void
test_line_ends_and_blanks_do_no_harm(void **state G_GNUC_UNUSED)
{
    g_autofree char *notes = g_strdup("Text.\nMore.\n" MARKER "\n" RECORD);
    g_autofree char *windows = crlf(notes);
    g_autofree char *padded = pad(notes);
    g_autofree char *spread = g_strdup("Text.\nMore.\n\n\n  " MARKER "  \n\n  " RECORD "\n\n\n");
    const char *const all[] = { notes, windows, padded, spread };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(all); i++) {
        g_autoptr(MsvmRecord) record = msvmRecordParse(all[i]);

        assert_string_equal(record->uuid, UUID);
        assert_string_equal(record->description, "Text.\nMore.");
        assert_string_equal(record->title, "T");
        assert_string_equal(msvmRecordGetHint(record, "a"), "b");
    }
}


static void
test_metadata_come_back_with_their_namespaces(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmRecord) record = make_record("d");
    g_autofree char *notes = NULL;
    g_autofree char *windows = NULL;
    g_autoptr(MsvmRecord) back = NULL;

    record->metadata = g_strdup("<metadata>\n  <a:x xmlns:a=\"urn:a\">t &lt; u</a:x>\n  <record/>\n  <record>"
                                "</record>\n</metadata>");
    notes = msvmRecordFormat(record);
    windows = crlf(notes);
    back = msvmRecordParse(windows);
    assert_string_equal(back->uuid, UUID);
    assert_string_equal(back->description, "d");
    assert_non_null(strstr(back->metadata, "<a:x xmlns:a=\"urn:a\">t &lt; u</a:x>"));
    assert_non_null(strstr(back->metadata, "<record/>"));
}


static void
test_metadata_that_are_not_xml_are_left_out(void **state G_GNUC_UNUSED)
{
    static const char *const texts[] = { "", "text", "<metadata>", "<other/>", "<metadata/><metadata/>",
                                         "<!DOCTYPE metadata [<!ENTITY a 'b'>]><metadata>&a;</metadata>" };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(MsvmRecord) record = make_record("d");
        g_autoptr(MsvmRecord) back = NULL;
        g_autofree char *notes = NULL;

        record->metadata = g_strdup(texts[i]);
        notes = msvmRecordFormat(record);
        back = msvmRecordParse(notes);
        assert_string_equal(back->uuid, UUID);
        assert_null(back->metadata);
    }
}


static void
test_notes_of_others_are_a_description(void **state G_GNUC_UNUSED)
{
    static const struct {
        const char *notes, *description;
    } cases[] = {
        { NULL, NULL }, { "", NULL }, { "\n \n", NULL }, { "Made by hand.", "Made by hand." },
        { "a\r\nb\r\n", "a\nb" }, { "<record version='1' uuid='" UUID "'/>", "<record version='1' uuid='" UUID "'/>" },
        { "x " MARKER "\n" RECORD, "x " MARKER "\n" RECORD },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MsvmRecord) record = msvmRecordParse(cases[i].notes);

        assert_null(record->uuid);
        assert_int_equal(g_strcmp0(record->description, cases[i].description), 0);
        assert_false(record->pending);
    }
}


static void
test_damaged_records_are_no_records(void **state G_GNUC_UNUSED)
{
    static const char *const records[] = {
        "", "<record", "<record version='1' uuid='" UUID "'>", "<record version='1' uuid='" UUID "'><title",
        "<record version='2' uuid='" UUID "'></record>", "<record uuid='" UUID "'></record>",
        "<record version='1'></record>", "<record version='1' uuid='x'></record>",
        "<record version='1' uuid='" UUID "'><a></record>", "<other/></record>",
        "<!DOCTYPE record [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><record version='1' uuid='" UUID "'>&e;</record>",
        "<!DOCTYPE record SYSTEM 'http://127.0.0.1/'><record version='1' uuid='" UUID "'></record>",
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(records); i++) {
        g_autofree char *notes = g_strdup_printf("Text\n" MARKER "\n%s", records[i]);
        g_autoptr(MsvmRecord) record = msvmRecordParse(notes);

        if (record->uuid)
            fail_msg("taken: %s", records[i]);
        assert_string_equal(record->description, "Text");
        assert_int_equal(record->hints->len, 0);
    }
}


/* Cut at every place: a record or none, never half of one. */
static void
test_cut_notes_are_whole_or_nothing(void **state G_GNUC_UNUSED)
{
    static const char notes[] = "Text\n" MARKER "\n" RECORD;
    size_t length;

    for (length = 0; length <= strlen(notes); length++) {
        g_autofree char *cut = g_strndup(notes, length);
        g_autoptr(MsvmRecord) record = msvmRecordParse(cut);

        assert_int_equal(record->uuid != NULL, length == strlen(notes));
    }
}


static void
test_of_two_records_the_last_readable_counts(void **state G_GNUC_UNUSED)
{
    static const char second[] = "<record version='1' uuid='" OTHER "'></record>";
    g_autofree char *both = g_strconcat("Text\n" MARKER "\n" RECORD "\n" MARKER "\n", second, NULL);
    g_autofree char *broken = g_strconcat("Text\n" MARKER "\n" RECORD "\n" MARKER "\n<record", NULL);
    g_autofree char *twice = g_strconcat("Text\n" MARKER "\n" MARKER "\n" RECORD, NULL);
    g_autoptr(MsvmRecord) a = msvmRecordParse(both);
    g_autoptr(MsvmRecord) b = msvmRecordParse(broken);
    g_autoptr(MsvmRecord) c = msvmRecordParse(twice);

    assert_string_equal(a->uuid, OTHER);
    assert_string_equal(b->uuid, UUID);
    assert_string_equal(c->uuid, UUID);
    assert_string_equal(a->description, "Text");
    assert_string_equal(b->description, "Text");
    assert_string_equal(c->description, "Text");
}


static void
test_text_typed_anywhere_is_kept(void **state G_GNUC_UNUSED)
{
    g_autofree char *below = g_strdup("Above\n" MARKER "\n" RECORD "\n\nBelow\n");
    g_autofree char *only_below = g_strdup(MARKER "\n" RECORD "\nBelow");
    g_autofree char *over = g_strdup("New\n" MARKER "\n<record version='1' uuid='" UUID "'><description text='Old '/>"
                                     "</record>");
    g_autoptr(MsvmRecord) a = msvmRecordParse(below);
    g_autoptr(MsvmRecord) b = msvmRecordParse(only_below);
    g_autoptr(MsvmRecord) c = msvmRecordParse(over);

    assert_string_equal(a->description, "Above\nBelow");
    assert_string_equal(b->description, "Below");
    assert_string_equal(c->description, "New");
    assert_string_equal(a->uuid, UUID);
    assert_string_equal(b->uuid, UUID);
}


static void
test_notes_over_the_limit_are_not_read(void **state G_GNUC_UNUSED)
{
    g_autofree char *filler = g_strnfill(MSVM_RECORD_MAX_SIZE, 'x');
    g_autofree char *notes = g_strconcat(filler, "\n" MARKER "\n" RECORD, NULL);
    g_autoptr(MsvmRecord) record = msvmRecordParse(notes);

    assert_null(record->uuid);
    assert_int_equal(strlen(record->description), MSVM_RECORD_MAX_SIZE);
}


static void
test_hints_are_replaced_removed_and_sorted(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmRecord) record = make_record(NULL);
    g_autoptr(MsvmRecord) other = make_record(NULL);
    g_autofree char *notes = NULL;
    g_autofree char *other_notes = NULL;

    msvmRecordSetHint(record, "b", "1");
    msvmRecordSetHint(record, "a", "2");
    msvmRecordSetHint(record, "b", "3");
    msvmRecordSetHint(record, "c", "4");
    msvmRecordSetHint(record, "c", NULL);
    msvmRecordSetHint(record, "d", NULL);
    assert_string_equal(msvmRecordGetHint(record, "b"), "3");
    assert_null(msvmRecordGetHint(record, "c"));
    assert_int_equal(record->hints->len, 2);
    msvmRecordSetHint(other, "a", "2");
    msvmRecordSetHint(other, "b", "3");
    notes = msvmRecordFormat(record);
    other_notes = msvmRecordFormat(other);
    assert_string_equal(notes, other_notes);
}


/* --- who makes it -------------------------------------------------------- */

static void
test_the_mark_of_a_change_holds_what_was_before(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmRecord) record = make_record("d");
    g_autoptr(MsvmRecord) back = NULL;
    g_autofree char *notes = NULL;

    record->before = g_strdup("<domain>\n  <name>a &amp; 'b'</name>\n</domain>");
    record->no_protector = true;
    record->granted = g_strsplit("Other, 'and' <more>|Third", "|", -1);
    record->provisioning = g_strdup("C:\\Provisioning");
    record->revision = 41;
    msvmRecordSetCreator(record);
    notes = msvmRecordFormat(record);
    back = msvmRecordParse(notes);
    assert_false(back->pending);
    assert_string_equal(back->before, record->before);
    assert_true(back->no_protector);
    assert_int_equal(g_strv_length(back->granted), 2);
    assert_string_equal(back->granted[0], record->granted[0]);
    assert_string_equal(back->granted[1], record->granted[1]);
    assert_string_equal(back->provisioning, record->provisioning);
    assert_int_equal(back->revision, 41);
    assert_int_equal(back->creator.pid, getpid());
    assert_true(msvmRecordIsHere(back));
    assert_false(msvmRecordIsAbandoned(back));
    /* What goes with the mark goes when it goes; the count stays. */
    g_clear_pointer(&back->before, g_free);
    g_free(notes);
    notes = msvmRecordFormat(back);
    assert_null(strstr(notes, "protector"));
    assert_null(strstr(notes, "Third"));
    assert_non_null(strstr(notes, "revision='41'"));
}

static void
test_the_mark_of_a_change_that_leaves_the_protector_alone_says_nothing_of_it(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmRecord) record = make_record("d");
    g_autoptr(MsvmRecord) back = NULL;
    g_autofree char *notes = NULL;

    record->before = g_strdup("<domain/>");
    notes = msvmRecordFormat(record);
    back = msvmRecordParse(notes);
    assert_false(back->no_protector);
    assert_null(back->granted);
    assert_null(back->provisioning);
    /* Nobody is another thing than: as it is. */
    record->granted = g_new0(char *, 1);
    g_free(notes);
    notes = msvmRecordFormat(record);
    msvmRecordFree(back);
    back = msvmRecordParse(notes);
    assert_non_null(back->granted);
    assert_null(back->granted[0]);
}

static void
test_a_pending_record_of_this_process_is_not_abandoned(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmRecord) record = make_record("d");
    g_autoptr(MsvmRecord) back = NULL;
    g_autofree char *notes = NULL;

    assert_false(msvmRecordIsAbandoned(record));
    msvmRecordSetPending(record);
    notes = msvmRecordFormat(record);
    back = msvmRecordParse(notes);
    assert_true(back->pending);
    assert_int_equal(back->creator.pid, getpid());
    assert_int_equal(back->creator.start_time, record->creator.start_time);
    assert_true(back->creator.created > 0);
    assert_false(msvmRecordIsAbandoned(back));
}


/* The host's machine id may be missing, as in a bare container; then nothing
 * can be proved, and everything counts as somebody else's. */
static void
test_abandoned_is_what_a_gone_process_of_this_host_left(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmRecord) record = make_record("d");
    bool provable;

    msvmRecordSetPending(record);
    provable = record->creator.machine_id && record->creator.boot_id;
    record->creator.start_time++;
    assert_int_equal(msvmRecordIsAbandoned(record), provable);
    record->creator.start_time--;
    record->creator.pid = 0x3fffffff;
    assert_int_equal(msvmRecordIsAbandoned(record), provable);
    record->creator.pid = getpid();
    g_free(record->creator.boot_id);
    record->creator.boot_id = g_strdup("00000000-0000-0000-0000-000000000000");
    assert_int_equal(msvmRecordIsAbandoned(record), provable);
    g_free(record->creator.machine_id);
    record->creator.machine_id = g_strdup("another");
    assert_false(msvmRecordIsAbandoned(record));
    g_clear_pointer(&record->creator.machine_id, g_free);
    assert_false(msvmRecordIsAbandoned(record));
}


/* NULL on a system without one, such as a bare container. */
static char *
machine_id(void)
{
    g_autofree char *id = NULL;

    if (!g_file_get_contents("/etc/machine-id", &id, NULL, NULL) || !*g_strstrip(id))
        return NULL;
    return g_steal_pointer(&id);
}


static void
test_the_machine_id_itself_is_not_given_away(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmRecord) record = make_record("d");
    g_autofree char *id = machine_id();
    g_autofree char *notes = NULL;

    msvmRecordSetPending(record);
    notes = msvmRecordFormat(record);
    assert_null(strstr(notes, id));
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_text_comes_back),
        cmocka_unit_test(test_plain_descriptions_are_free_text_above_the_marker),
        cmocka_unit_test(test_what_xml_cannot_hold_is_left_out),
        cmocka_unit_test(test_line_ends_and_blanks_do_no_harm),
        cmocka_unit_test(test_metadata_come_back_with_their_namespaces),
        cmocka_unit_test(test_metadata_that_are_not_xml_are_left_out),
        cmocka_unit_test(test_notes_of_others_are_a_description),
        cmocka_unit_test(test_damaged_records_are_no_records),
        cmocka_unit_test(test_cut_notes_are_whole_or_nothing),
        cmocka_unit_test(test_of_two_records_the_last_readable_counts),
        cmocka_unit_test(test_text_typed_anywhere_is_kept),
        cmocka_unit_test(test_notes_over_the_limit_are_not_read),
        cmocka_unit_test(test_hints_are_replaced_removed_and_sorted),
        cmocka_unit_test(test_a_pending_record_of_this_process_is_not_abandoned),
        cmocka_unit_test(test_the_mark_of_a_change_holds_what_was_before),
        cmocka_unit_test(test_the_mark_of_a_change_that_leaves_the_protector_alone_says_nothing_of_it),
        cmocka_unit_test(test_abandoned_is_what_a_gone_process_of_this_host_left),
        cmocka_unit_test(test_the_machine_id_itself_is_not_given_away),
    };

    g_autofree char *id = machine_id();
    gsize n = G_N_ELEMENTS(tests);

    /* The last one only where there is an id to hide. */
    return _cmocka_run_group_tests("tests", tests, id ? n : n - 1, xml_test_setup, NULL);
}
