/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/keymgr/fake_pkcs11.h"

#include <string.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT FakePkcs11 fake_pkcs11 = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .changed = PTHREAD_COND_INITIALIZER,
};

static CK_ULONG found;

static void
enter(FakePlace place)
{
    pthread_mutex_lock(&fake_pkcs11.lock);
    fake_pkcs11.waiting++;
    pthread_cond_broadcast(&fake_pkcs11.changed);
    while (fake_pkcs11.hang == place)
        pthread_cond_wait(&fake_pkcs11.changed, &fake_pkcs11.lock);
    fake_pkcs11.waiting--;
}

static CK_RV
leave(CK_RV rv)
{
    pthread_mutex_unlock(&fake_pkcs11.lock);
    return rv;
}

static CK_RV
fake_initialize(void *arguments)
{
    enter(FAKE_INITIALIZE);
    return leave(CKR_OK);
}

static CK_RV
fake_finalize(void *reserved)
{
    enter(FAKE_FINALIZE);
    fake_pkcs11.logged_in = 0;
    return leave(CKR_OK);
}

static void
pad(unsigned char *field, size_t size, const char *text)
{
    memset(field, ' ', size);
    memcpy(field, text, strlen(text));
}

static CK_RV
fake_get_info(CK_INFO *info)
{
    memset(info, 0, sizeof(*info));
    info->cryptokiVersion.major = 2;
    info->cryptokiVersion.minor = 40;
    pad(info->manufacturerID, sizeof(info->manufacturerID), "tests");
    pad(info->libraryDescription, sizeof(info->libraryDescription), "fake");
    return CKR_OK;
}

static CK_RV
fake_get_slot_list(unsigned char with_token, CK_SLOT_ID *slots, CK_ULONG *count)
{
    CK_ULONG room = *count;
    CK_ULONG i;

    enter(FAKE_SLOTS);
    *count = fake_pkcs11.slots;
    if (slots && room < *count)
        return leave(CKR_BUFFER_TOO_SMALL);
    for (i = 0; slots && i < *count; i++)
        slots[i] = i;
    return leave(CKR_OK);
}

static CK_RV
fake_get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
    memset(info, 0, sizeof(*info));
    pad(info->slotDescription, sizeof(info->slotDescription), "fake");
    pad(info->manufacturerID, sizeof(info->manufacturerID), "tests");
    info->flags = CKF_TOKEN_PRESENT;
    return CKR_OK;
}

static CK_RV
fake_get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    enter(FAKE_ELSEWHERE);
    if (slot >= fake_pkcs11.tokens)
        return leave(CKR_TOKEN_NOT_PRESENT);
    memset(info, 0, sizeof(*info));
    pad(info->label, sizeof(info->label), "fake");
    pad(info->manufacturerID, sizeof(info->manufacturerID), "tests");
    pad(info->model, sizeof(info->model), "fake");
    pad(info->serialNumber, sizeof(info->serialNumber), "1");
    info->flags = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED | fake_pkcs11.token_flags;
    return leave(CKR_OK);
}

static CK_RV
fake_open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
    enter(FAKE_ELSEWHERE);
    *session = ++fake_pkcs11.sessions;
    return leave(CKR_OK);
}

static CK_RV
fake_close_session(CK_SESSION_HANDLE session)
{
    enter(FAKE_ELSEWHERE);
    fake_pkcs11.sessions--;
    if (fake_pkcs11.sessions == 0)
        fake_pkcs11.logged_in = 0;
    return leave(CKR_OK);
}

static CK_RV
fake_get_session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
    enter(FAKE_ELSEWHERE);
    memset(info, 0, sizeof(*info));
    info->state = fake_pkcs11.logged_in ? CKS_RO_USER_FUNCTIONS : CKS_RO_PUBLIC_SESSION;
    return leave(CKR_OK);
}

static CK_RV
fake_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, unsigned char *pin, CK_ULONG size)
{
    CK_RV rv;

    enter(FAKE_LOGIN);
    fake_pkcs11.logins++;
    rv = size == 5 && memcmp(pin, "right", 5) == 0 ? CKR_OK : CKR_PIN_INCORRECT;
    fake_pkcs11.logged_in |= rv == CKR_OK;
    return leave(rv);
}

static CK_RV
fake_find_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count)
{
    enter(FAKE_FIND);
    found = 0;
    return leave(CKR_OK);
}

static CK_RV
fake_find(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG room, CK_ULONG *count)
{
    enter(FAKE_FIND);
    for (*count = 0; *count < room && found < fake_pkcs11.objects; (*count)++)
        objects[*count] = ++found;
    return leave(CKR_OK);
}

static CK_RV
fake_find_final(CK_SESSION_HANDLE session)
{
    return CKR_OK;
}

static CK_RV
fake_get_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attribute, CK_ULONG count)
{
    enter(FAKE_READ);
    if (attribute->type != CKA_VALUE)
        return leave(CKR_ATTRIBUTE_TYPE_INVALID);
    if (attribute->pValue)
        memset(attribute->pValue, 'v', fake_pkcs11.given);
    attribute->ulValueLen = attribute->pValue ? fake_pkcs11.given : fake_pkcs11.size;
    return leave(fake_pkcs11.read_result);
}

static CK_RV
fake_create(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *object)
{
    enter(FAKE_CREATE);
    *object = ++fake_pkcs11.created;
    return leave(CKR_OK);
}

static CK_RV
fake_destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    enter(FAKE_ELSEWHERE);
    fake_pkcs11.destroyed++;
    pthread_cond_broadcast(&fake_pkcs11.changed);
    return leave(CKR_OK);
}

static CK_FUNCTION_LIST list = {
    .version = { 2, 40 },
    .C_Initialize = fake_initialize,
    .C_Finalize = fake_finalize,
    .C_GetInfo = fake_get_info,
    .C_GetSlotList = fake_get_slot_list,
    .C_GetSlotInfo = fake_get_slot_info,
    .C_GetTokenInfo = fake_get_token_info,
    .C_OpenSession = fake_open_session,
    .C_CloseSession = fake_close_session,
    .C_GetSessionInfo = fake_get_session_info,
    .C_Login = fake_login,
    .C_FindObjectsInit = fake_find_init,
    .C_FindObjects = fake_find,
    .C_FindObjectsFinal = fake_find_final,
    .C_GetAttributeValue = fake_get_attribute,
    .C_CreateObject = fake_create,
    .C_DestroyObject = fake_destroy,
};

EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST **functions);

CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **functions)
{
    list.C_GetFunctionList = C_GetFunctionList;
    *functions = &list;
    return CKR_OK;
}
