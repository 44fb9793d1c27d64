/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Texts that a real host gives in its UI language: no client may compare them,
 * and a simulated host in another language shows whether one does.
 */
#include <string.h>

#include "sim/host_private.h"

static const struct {
    const char *english;
    const char *japanese;
} rows[] = {
    { "Hosting Computer System", "ホスト コンピューター システム" },
    { "Microsoft Hosting Computer System", "Microsoft ホスト コンピューター システム" },
    { "Virtual Machine", "仮想マシン" },
    { "Operating normally", "正常稼働中" },
    { "Job is running.", "ジョブは実行中です" },
    { "Job has completed.", "ジョブは完了しました" },
    { "Job has completed successfully.", "ジョブは正常に完了しました" },
    { "Job has failed.", "ジョブは失敗しました" },
    { "Virtual Switch", "仮想スイッチ" },
    { "Microsoft Virtual Switch", "Microsoft 仮想スイッチ" },
    { "Virtual Switch Extension Miniport Adapter ID", "仮想スイッチ拡張ミニポート アダプター ID" },
    { "Creating Virtual Hard Disk", "仮想ハード ディスクの作成" },
    { "Hard Drive", "ハード ドライブ" },
    { "DVD Drive", "DVD ドライブ" },
    { "Network Adapter", "ネットワーク アダプター" },
    { "Memory", "メモリ" },
    { "Processor", "プロセッサ" },
    { "SCSI Controller", "SCSI コントローラー" },
    { "Starting Virtual Machine", "仮想マシンを開始しています" },
    { "Modifying Virtual Machine", "仮想マシンを変更しています" },
};

const char *sim_translate(const SimHost *host, const char *english)
{
    if (!g_str_has_prefix(host->language, "ja"))
        return english;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].english, english) == 0)
            return rows[i].japanese;
    }
    return english;
}
