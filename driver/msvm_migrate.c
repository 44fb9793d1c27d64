/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_migrate.h"

#include "driver/msvm_connect.h"
#include "driver/msvm_lookup.h"
#include "driver/msvm_marker.h"
#include "driver/msvm_migrate_cookie.h"
#include "driver/msvm_migrate_offer.h"
#include "driver/msvm_target.h"
#include "hyperv/hyperv_migrate.h"
#include "xml/msvm_domain.h"

#include "viraccessapicheck.h"
#include "virerror.h"
#include "virlog.h"
#include "virtypedparam.h"
#include "viruri.h"
#include "viruuid.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

VIR_LOG_INIT("msvm.migrate");

/* The first four say what Hyper-V does in any case. VIR_MIGRATE_PAUSED comes
 * from libvirt itself for a domain that is paused, and Begin refuses that. */
#define MIGRATE_FLAGS \
    (VIR_MIGRATE_LIVE | VIR_MIGRATE_PERSIST_DEST | VIR_MIGRATE_UNDEFINE_SOURCE | VIR_MIGRATE_PEER2PEER | \
     VIR_MIGRATE_NON_SHARED_DISK | VIR_MIGRATE_UNSAFE | VIR_MIGRATE_OFFLINE | VIR_MIGRATE_COMPRESSED)

#define MIGRATE_PARAMETERS \
    VIR_MIGRATE_PARAM_URI, VIR_TYPED_PARAM_STRING, VIR_MIGRATE_PARAM_DEST_NAME, VIR_TYPED_PARAM_STRING, \
    VIR_MIGRATE_PARAM_DEST_XML, VIR_TYPED_PARAM_STRING, VIR_MIGRATE_PARAM_BANDWIDTH, VIR_TYPED_PARAM_ULLONG

/* --- parameters ------------------------------------------------------------------ */

typedef struct {
    const char *uri;
    const char *name;
    const char *xml;
    unsigned long long bandwidth;
} Wishes;

static int
read_wishes(virTypedParameterPtr params, int nparams, Wishes *wishes)
{
    memset(wishes, 0, sizeof(*wishes));
    if (virTypedParamsValidate(params, nparams, MIGRATE_PARAMETERS, NULL) < 0 ||
        virTypedParamsGetString(params, nparams, VIR_MIGRATE_PARAM_URI, &wishes->uri) < 0 ||
        virTypedParamsGetString(params, nparams, VIR_MIGRATE_PARAM_DEST_NAME, &wishes->name) < 0 ||
        virTypedParamsGetString(params, nparams, VIR_MIGRATE_PARAM_DEST_XML, &wishes->xml) < 0 ||
        virTypedParamsGetULLong(params, nparams, VIR_MIGRATE_PARAM_BANDWIDTH, &wishes->bandwidth) < 0)
        return -1;
    return 0;
}

/* What the user asks for beyond a place to go. */
static int
check_wishes(const Wishes *wishes, const char *name)
{
    const char *what = NULL;

    if (wishes->name && STRNEQ(wishes->name, name))
        what = _("give a domain another name while it migrates: rename it before or after");
    else if (wishes->xml)
        what = _("change a domain while it migrates: redefine it before or after");
    else if (wishes->bandwidth)
        what = _("limit the bandwidth of a single migration");
    if (!what)
        return 0;
    virReportError(VIR_ERR_ARGUMENT_UNSUPPORTED, _("Hyper-V cannot %s"), what);
    return -1;
}

/* "hv02", "msvm://hv02/..." and "tcp://hv02" all name a host. Caller frees. */
static char *
host_of(const char *text)
{
    g_autoptr(virURI) uri = NULL;

    if (!strstr(text, "://"))
        return g_strdup(text);
    if (!(uri = virURIParse(text)))
        return NULL;
    if (uri->server && *uri->server)
        return g_strdup(uri->server);
    virReportError(VIR_ERR_INVALID_ARG, _("the migration URI '%s' names no host"), text);
    return NULL;
}

/* --- asking both hosts -------------------------------------------------------------- */

typedef struct {
    bool guarded;
    HypervTraveller *traveller;
} Description;

static gboolean
describe(MsvmTarget *target, gpointer opaque, GError **error)
{
    Description *description = opaque;

    description->traveller = hyperv_migrate_describe(target->priv->host, target->guid, description->guarded, NULL,
                                                     error);
    return description->traveller != NULL;
}

static int
check_offline(const HypervTraveller *traveller, unsigned int flags)
{
    if (traveller->off || !(flags & VIR_MIGRATE_OFFLINE))
        return 0;
    virReportError(VIR_ERR_OPERATION_INVALID, _("domain '%s' is not off: leave out VIR_MIGRATE_OFFLINE"),
                   traveller->name);
    return -1;
}

/* check: for a check of the destination, not only to be moved. */
static HypervTraveller *
describe_target(MsvmTarget *target, bool check, unsigned int flags)
{
    Description description = { .guarded = check && !(flags & VIR_MIGRATE_UNSAFE) };
    g_autoptr(HypervTraveller) traveller = NULL;

    if (msvmMarkerRequireNone(target) < 0 ||
        msvmTargetRun(target, _("cannot migrate"), describe, &description) < 0)
        return NULL;
    traveller = description.traveller;
    return check_offline(traveller, flags) < 0 ? NULL : g_steal_pointer(&traveller);
}

/* Names and UUIDs are libvirt's, not Hyper-V's: nobody else guards them. */
static int
check_names(MsvmPrivate *dest, const virDomainDef *def)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = NULL;
    guint i;

    virUUIDFormat(def->uuid, uuid);
    all = hyperv_find_by_name_or_uuid(dest->host, def->name, uuid, NULL, &error);
    if (!all) {
        msvmReportHostError(dest, error, _("cannot look for domain '%s'"), def->name);
        return -1;
    }
    for (i = 0; i < all->len; i++) {
        const HypervFound *found = g_ptr_array_index(all, i);
        unsigned char other[VIR_UUID_BUFLEN];

        if (!msvmLookupIdentify(found, other, NULL))
            continue;
        if (STREQ(found->name, def->name) || memcmp(other, def->uuid, VIR_UUID_BUFLEN) == 0) {
            virUUIDFormat(other, uuid);
            virReportError(VIR_ERR_OPERATION_FAILED, _("domain '%s' exists on host '%s' already, with uuid %s"),
                           found->name, dest->name, uuid);
            return -1;
        }
    }
    return 0;
}

static char **
check_destination(MsvmPrivate *dest, const virDomainDef *def, const HypervTraveller *traveller, unsigned int flags)
{
    g_autoptr(GError) error = NULL;
    char **addresses = NULL;

    if (check_names(dest, def) < 0)
        return NULL;
    if (hyperv_migrate_check(dest->host, traveller, (flags & VIR_MIGRATE_UNSAFE) != 0, &addresses, NULL, &error))
        return addresses;
    msvmReportHostError(dest, error, _("cannot migrate domain '%s'"), def->name);
    return NULL;
}

static HypervMove
make_move(const char *destination, char **addresses, unsigned int flags)
{
    HypervMove move = {
        .destination = destination,
        .addresses = (const char *const *)addresses,
        .storage = (flags & VIR_MIGRATE_NON_SHARED_DISK) != 0,
        .compress = (flags & VIR_MIGRATE_COMPRESSED) != 0,
    };

    return move;
}

/* --- at the source --------------------------------------------------------------------- */

static char *
format_domain(MsvmTarget *target, const HypervTraveller *traveller)
{
    g_autoptr(virDomainDef) def = msvmDomainDefNew(traveller->machine, -1, target->priv->xmlopt);

    return def ? virDomainDefFormat(def, target->priv->xmlopt, VIR_DOMAIN_DEF_FORMAT_SECURE) : NULL;
}

char *
msvmDomainMigrateBegin3Params(virDomainPtr dom, virTypedParameterPtr params, int nparams, char **cookieout,
                              int *cookieoutlen, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;
    g_autoptr(HypervTraveller) traveller = NULL;
    g_autofree char *ticket = NULL;
    char *xml;
    Wishes wishes;

    virCheckFlags(MIGRATE_FLAGS, NULL);

    if (!(target = msvmTargetNew(dom)) || virDomainMigrateBegin3ParamsEnsureACL(dom->conn, target->def) < 0 ||
        read_wishes(params, nparams, &wishes) < 0 || check_wishes(&wishes, target->def->name) < 0 ||
        !(traveller = describe_target(target, true, flags)) || !(xml = format_domain(target, traveller)))
        return NULL;
    if (flags & VIR_MIGRATE_OFFLINE)
        ticket = msvmMigrateOffer(target->priv->host, target->guid);
    *cookieout = msvmMigrateCookieFormat(traveller, ticket);
    *cookieoutlen = strlen(*cookieout) + 1;
    return xml;
}

static int
move_target(MsvmTarget *target, const HypervTraveller *traveller, const HypervMove *move)
{
    g_autoptr(GError) error = NULL;
    bool ok;

    msvmCacheChanged(target->priv->cache);
    ok = hyperv_migrate(target->priv->host, traveller, move, NULL, &error);
    msvmCacheChanged(target->priv->cache);
    if (!ok) {
        msvmReportHostError(target->priv, error, _("cannot migrate domain '%s'"), target->def->name);
        return -1;
    }
    msvmCacheForget(target->priv->cache, target->uuid);
    return 0;
}

/* Everything from here: the source opens the destination itself. */
static int
perform_direct(MsvmTarget *target, const char *dconnuri, const char *uri, unsigned int flags)
{
    g_autoptr(MsvmPrivate) dest = NULL;
    g_autoptr(HypervTraveller) traveller = NULL;
    g_auto(GStrv) addresses = NULL;
    g_autofree char *name = NULL;
    HypervMove move;

    if (!dconnuri && !uri) {
        virReportError(VIR_ERR_INVALID_ARG, "%s",
                       _("no destination host was given: a direct migration takes it as its migration URI"));
        return -1;
    }
    if (dconnuri && uri && !(name = host_of(uri)))
        return -1;
    if (!(traveller = describe_target(target, true, flags)) ||
        !(dest = msvmPrivateOpenPeer(target->conn, dconnuri ? dconnuri : uri)) ||
        !(addresses = check_destination(dest, target->def, traveller, flags)))
        return -1;
    move = make_move(name ? name : hyperv_host_get_name(dest->host), addresses, flags);
    return move_target(target, traveller, &move);
}

/* The destination was asked before, through its own connection. */
static int
perform_prepared(MsvmTarget *target, const Wishes *wishes, const char *cookie, int length, unsigned int flags)
{
    g_autoptr(HypervTraveller) traveller = NULL;
    g_auto(GStrv) addresses = msvmMigrateCookieParseAddresses(cookie, length);
    g_autofree char *name = NULL;
    HypervMove move;

    if (!addresses)
        return -1;
    if (!wishes->uri) {
        virReportError(VIR_ERR_INVALID_ARG, "%s", _("no destination host was given"));
        return -1;
    }
    if (!(name = host_of(wishes->uri)) || !(traveller = describe_target(target, false, flags)))
        return -1;
    move = make_move(name, addresses, flags);
    return move_target(target, traveller, &move);
}

int
msvmDomainMigratePerform3Params(virDomainPtr dom, const char *dconnuri, virTypedParameterPtr params, int nparams,
                                const char *cookiein, int cookieinlen, char **cookieout, int *cookieoutlen,
                                unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;
    Wishes wishes;

    virCheckFlags(MIGRATE_FLAGS, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainMigratePerform3ParamsEnsureACL(dom->conn, target->def) < 0 ||
        read_wishes(params, nparams, &wishes) < 0)
        return -1;
    if (!(flags & VIR_MIGRATE_PEER2PEER))
        return perform_prepared(target, &wishes, cookiein, cookieinlen, flags);
    if (check_wishes(&wishes, target->def->name) < 0)
        return -1;
    return perform_direct(target, dconnuri, wishes.uri, flags);
}

int
msvmDomainMigratePerform3(virDomainPtr dom, const char *xmlin, const char *cookiein, int cookieinlen,
                          char **cookieout, int *cookieoutlen, const char *dconnuri, const char *uri,
                          unsigned long flags, const char *dname, unsigned long resource)
{
    g_autoptr(MsvmTarget) target = NULL;
    Wishes wishes = { .uri = uri, .name = dname, .xml = xmlin, .bandwidth = resource };

    virCheckFlags(MIGRATE_FLAGS, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainMigratePerform3EnsureACL(dom->conn, target->def) < 0 ||
        check_wishes(&wishes, target->def->name) < 0)
        return -1;
    return perform_direct(target, dconnuri, uri, flags);
}

int
msvmDomainMigrateConfirm3Params(virDomainPtr dom, virTypedParameterPtr params, int nparams, const char *cookiein,
                                int cookieinlen, unsigned int flags, int cancelled)
{
    MsvmPrivate *priv = msvmPrivateOf(dom->conn);
    g_autoptr(virDomainDef) def = virDomainDefNew(priv->xmlopt);
    char uuid[VIR_UUID_STRING_BUFLEN];

    virCheckFlags(MIGRATE_FLAGS, -1);

    if (!def)
        return -1;
    /* The machine is gone from here: there is nothing to look up. */
    def->name = g_strdup(dom->name);
    memcpy(def->uuid, dom->uuid, VIR_UUID_BUFLEN);
    if (virDomainMigrateConfirm3ParamsEnsureACL(dom->conn, def) < 0)
        return -1;
    virUUIDFormat(dom->uuid, uuid);
    msvmCacheChanged(priv->cache);
    msvmCacheForget(priv->cache, uuid);
    return 0;
}

/* --- at the destination --------------------------------------------------------------------- */

static virDomainDef *
parse_domain(MsvmPrivate *priv, const Wishes *wishes)
{
    if (wishes->xml)
        return virDomainDefParseString(wishes->xml, priv->xmlopt, NULL,
                                       VIR_DOMAIN_DEF_PARSE_INACTIVE | VIR_DOMAIN_DEF_PARSE_SKIP_VALIDATE);
    virReportError(VIR_ERR_INTERNAL_ERROR, "%s", _("the source did not say what it migrates"));
    return NULL;
}

/* See msvm_migrate_offer.h. */
static int
move_offered(MsvmPrivate *dest, const char *ticket, const char *destination, char **addresses, unsigned int flags)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *guid = NULL;
    g_autoptr(HypervHost) source = ticket ? msvmMigrateRedeem(ticket, &guid) : NULL;
    g_autoptr(HypervTraveller) traveller = NULL;
    HypervMove move = make_move(destination, addresses, flags);
    bool ok;

    if (!source) {
        virReportError(VIR_ERR_OPERATION_UNSUPPORTED, "%s",
                       _("an offline migration takes both connections in one process: leave out "
                         "VIR_MIGRATE_OFFLINE, a domain that is off moves without it, too"));
        return -1;
    }
    traveller = hyperv_migrate_describe(source, guid, false, NULL, &error);
    if (traveller && check_offline(traveller, flags) < 0)
        return -1;
    ok = traveller && hyperv_migrate(source, traveller, &move, NULL, &error);
    msvmCacheChanged(dest->cache);
    if (ok)
        return 0;
    msvmReportError(error, hyperv_host_get_name(source), _("cannot migrate the domain"));
    return -1;
}

int
msvmDomainMigratePrepare3Params(virConnectPtr dconn, virTypedParameterPtr params, int nparams,
                                const char *cookiein, int cookieinlen, char **cookieout, int *cookieoutlen,
                                char **uri_out, unsigned int flags)
{
    MsvmPrivate *priv = msvmPrivateOf(dconn);
    g_autoptr(virDomainDef) def = NULL;
    g_autoptr(HypervTraveller) traveller = NULL;
    g_auto(GStrv) addresses = NULL;
    g_autofree char *ticket = NULL;
    g_autofree char *destination = NULL;
    Wishes wishes;

    virCheckFlags(MIGRATE_FLAGS, -1);

    if (read_wishes(params, nparams, &wishes) < 0 || !(def = parse_domain(priv, &wishes)) ||
        virDomainMigratePrepare3ParamsEnsureACL(dconn, def) < 0 ||
        !(traveller = msvmMigrateCookieParse(cookiein, cookieinlen, &ticket)) ||
        !(addresses = check_destination(priv, def, traveller, flags)))
        return -1;
    destination = wishes.uri ? host_of(wishes.uri) : g_strdup(hyperv_host_get_name(priv->host));
    if (!destination)
        return -1;
    if ((flags & VIR_MIGRATE_OFFLINE) && move_offered(priv, ticket, destination, addresses, flags) < 0)
        return -1;
    *cookieout = msvmMigrateCookieFormatAddresses((const char *const *)addresses);
    *cookieoutlen = strlen(*cookieout) + 1;
    if (!wishes.uri)
        *uri_out = g_steal_pointer(&destination);
    return 0;
}

virDomainPtr
msvmDomainMigrateFinish3Params(virConnectPtr dconn, virTypedParameterPtr params, int nparams,
                               const char *cookiein, int cookieinlen, char **cookieout, int *cookieoutlen,
                               unsigned int flags, int cancelled)
{
    MsvmPrivate *priv = msvmPrivateOf(dconn);
    g_autoptr(virDomainDef) def = NULL;
    g_autoptr(HypervFound) found = NULL;
    Wishes wishes;
    int id;

    virCheckFlags(MIGRATE_FLAGS, NULL);

    if (read_wishes(params, nparams, &wishes) < 0 || !(def = parse_domain(priv, &wishes)) ||
        virDomainMigrateFinish3ParamsEnsureACL(dconn, def) < 0)
        return NULL;
    /* The host that received it has cleaned up by itself. */
    if (cancelled)
        return NULL;
    msvmCacheChanged(priv->cache);
    if (!(found = msvmLookupFindByUUID(priv, def->uuid, def->name)))
        return NULL;
    id = msvmMachineId(found->state, found->process_id);
    return virGetDomain(dconn, def->name, def->uuid, id);
}
