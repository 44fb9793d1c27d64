/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of the WS-Management protocol: XML namespaces, action URIs and
 * dialects (DSP0226, MS-WSMV 2.2.1). WSMID is the one that hosts really use;
 * MS-WSMV prints it without "wsman/".
 */
#pragma once

#define WIRE_NS_SOAP "http://www.w3.org/2003/05/soap-envelope"
#define WIRE_NS_ADDRESSING "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define WIRE_NS_WSMAN "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
#define WIRE_NS_ENUMERATION "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
#define WIRE_NS_TRANSFER "http://schemas.xmlsoap.org/ws/2004/09/transfer"
#define WIRE_NS_EVENTING "http://schemas.xmlsoap.org/ws/2004/08/eventing"
#define WIRE_NS_CIMBINDING "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
#define WIRE_NS_FAULT "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
#define WIRE_NS_WSMV "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
#define WIRE_NS_CIM "http://schemas.dmtf.org/wbem/wscim/1/common"
#define WIRE_NS_XSI "http://www.w3.org/2001/XMLSchema-instance"
#define WIRE_NS_XML "http://www.w3.org/XML/1998/namespace"
#define WIRE_NS_CONFIG "http://schemas.microsoft.com/wbem/wsman/1/config"
#define WIRE_NS_WSMID "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
#define WIRE_NS_CIM_SCHEMA "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"

#define WIRE_ANONYMOUS WIRE_NS_ADDRESSING "/role/anonymous"
#define WIRE_URI_WMI "http://schemas.microsoft.com/wbem/wsman/1/wmi/"

#define WIRE_ACTION_GET WIRE_NS_TRANSFER "/Get"
#define WIRE_ACTION_PUT WIRE_NS_TRANSFER "/Put"
#define WIRE_ACTION_CREATE WIRE_NS_TRANSFER "/Create"
#define WIRE_ACTION_DELETE WIRE_NS_TRANSFER "/Delete"
#define WIRE_ACTION_ENUMERATE WIRE_NS_ENUMERATION "/Enumerate"
#define WIRE_ACTION_PULL WIRE_NS_ENUMERATION "/Pull"
#define WIRE_ACTION_RELEASE WIRE_NS_ENUMERATION "/Release"
#define WIRE_ACTION_RENEW WIRE_NS_ENUMERATION "/Renew"
#define WIRE_ACTION_SUBSCRIBE WIRE_NS_EVENTING "/Subscribe"
#define WIRE_ACTION_UNSUBSCRIBE WIRE_NS_EVENTING "/Unsubscribe"

#define WIRE_FAULT_WSMAN "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
#define WIRE_FAULT_ADDRESSING WIRE_NS_ADDRESSING "/fault"
#define WIRE_FAULT_ENUMERATION WIRE_NS_ENUMERATION "/fault"
#define WIRE_FAULT_EVENTING WIRE_NS_EVENTING "/fault"
#define WIRE_FAULT_TRANSFER WIRE_NS_TRANSFER "/fault"
#define WIRE_FAULT_SOAP WIRE_NS_ADDRESSING "/soap/fault"
#define WIRE_DETAIL "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"

#define WIRE_DIALECT_WQL "http://schemas.microsoft.com/wbem/wsman/1/WQL"
#define WIRE_DIALECT_ASSOCIATION "http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter"
#define WIRE_DIALECT_SELECTOR "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"
