/** 账户各页的简体中文。 */
export const zh = {
  // lists
  older: "显示更早的",
  nothing_yet: "这里还没有内容。",
  // credits
  credits_available: "点可用",
  category_free: "免费",
  category_promotion: "赠送",
  category_plan: "来自套餐",
  category_paid: "已购买",
  until: "{day}到期",
  without_end: "不会过期",
  statement: "明细",
  show_kind: "显示",
  date: "日期",
  what: "项目",
  amount: "金额",
  balance_after: "余额",
  kind_all: "全部",
  kind_charge: "图片",
  kind_grant: "获得",
  kind_expiry: "过期",
  kind_reversal: "退款",
  no_transfers: "还没有点数变动。",
  open_picture: "打开图片",
  download_statement: "下载 CSV",
  statement_saved: "已保存 {n} 行。",
};
