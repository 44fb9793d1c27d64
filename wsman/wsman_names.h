/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * XML namespaces, actions and fault codes of WS-Management (MS-WSMV 2.2.1;
 * codes: wsmerror.h and WbemCli.h of the Windows SDK).
 */
#pragma once

#define WSMAN_NS_SOAP "http://www.w3.org/2003/05/soap-envelope"
#define WSMAN_NS_ADDRESSING "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define WSMAN_NS_ADDRESSING_10 "http://www.w3.org/2005/08/addressing"
#define WSMAN_NS_WSMAN "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
#define WSMAN_NS_ENUMERATION "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
#define WSMAN_NS_TRANSFER "http://schemas.xmlsoap.org/ws/2004/09/transfer"
#define WSMAN_NS_FAULT "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
#define WSMAN_NS_MS "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
#define WSMAN_NS_CIM "http://schemas.dmtf.org/wbem/wscim/1/common"
#define WSMAN_NS_XSI "http://www.w3.org/2001/XMLSchema-instance"
#define WSMAN_NS_IDENTITY "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"

#define WSMAN_ANONYMOUS WSMAN_NS_ADDRESSING "/role/anonymous"
#define WSMAN_DIALECT_WQL "http://schemas.microsoft.com/wbem/wsman/1/WQL"
#define WSMAN_WMI_URI_PREFIX "http://schemas.microsoft.com/wbem/wsman/1/wmi/"

#define WSMAN_ACTION_GET WSMAN_NS_TRANSFER "/Get"
#define WSMAN_ACTION_ENUMERATE WSMAN_NS_ENUMERATION "/Enumerate"
#define WSMAN_ACTION_PULL WSMAN_NS_ENUMERATION "/Pull"
#define WSMAN_ACTION_RELEASE WSMAN_NS_ENUMERATION "/Release"

#define WSMAN_FAULT_RESOURCE_NOT_FOUND 0x80338000u   /* a:DestinationUnreachable */
#define WSMAN_FAULT_ENUMERATION_CLOSED 0x80338007u
#define WSMAN_FAULT_ACTION_NOT_SUPPORTED 0x80338013u
#define WSMAN_FAULT_CANNOT_PROCESS_FILTER 0x8033801Au
#define WSMAN_FAULT_INVALID_CONTEXT 0x8033801Bu      /* n:InvalidEnumerationContext */
#define WSMAN_FAULT_PULL_TIMED_OUT 0x8033801Cu       /* n:TimedOut: the enumeration lives on */
#define WSMAN_FAULT_RESPONSE_TOO_LARGE 0x80338026u
#define WSMAN_FAULT_TIMED_OUT 0x80338029u            /* w:TimedOut */
#define WSMAN_FAULT_INVALID_RESOURCE_URI 0x8033803Bu
#define WSMAN_FAULT_WMI_SERVICE_DENIED 0x80338104u
#define WSMAN_FAULT_WMI_PROVIDER_DENIED 0x80338105u

#define WSMAN_ERROR_ACCESS_DENIED_WIN32 5u
#define WSMAN_E_ACCESSDENIED 0x80070005u
#define WBEM_E_NOT_FOUND 0x80041002u
#define WBEM_E_ACCESS_DENIED 0x80041003u
#define WBEM_E_INVALID_NAMESPACE 0x8004100Eu
#define WBEM_E_INVALID_CLASS 0x80041010u
#define WBEM_E_METHOD_NOT_IMPLEMENTED 0x80041055u
#define WBEM_E_METHOD_DISABLED 0x80041056u
#define WBEM_E_INVALID_METHOD 0x8004102Eu
