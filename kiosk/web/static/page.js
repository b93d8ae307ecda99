// What every page of the station shares: the words of both languages, and the way to the station program.

export const ZONE = "Asia/Shanghai";
export const WORDS = {
  zh: { am: "上午", pm: "下午", by: "授课人", phones: "监督电话", offline: "未联网", other: "English",
        in: "已签到", out: "已签退", check: "抽查已刷", face: "有头像", answered: "已刷", more: "另有 # 项，见本机资料",
        lost: "屏幕与本机程序失去联系，请找工作人员",
        number: "输入证件号码", start: "开始随堂抽查", paper: "打印纸质签到表",
        no_card: "没带身份证", card_unreadable: "证件读不出", other_reason: "其他原因",
        portrait: "登记头像", bind: "发卡", sign: "签到/签退" },
  en: { am: "Morning", pm: "Afternoon", by: "Instructor", phones: "Supervision", offline: "offline", other: "中文",
        in: "signed in", out: "signed out", check: "checked", face: "portrait", answered: "answered", more: "and # more: see this device",
        lost: "The screen lost its station program: please see the staff",
        number: "Type a card number", start: "Start a check in class", paper: "Print the paper register",
        no_card: "No ID card here", card_unreadable: "The card can't be read", other_reason: "Another reason",
        portrait: "Enrol a portrait", bind: "Give a card", sign: "Sign in / out" },
};

export const page = { state: null };
export const $ = (id) => document.getElementById(id);
export const language = () => (page.state ? page.state.language : document.documentElement.lang === "en" ? "en" : "zh");
export const words = () => WORDS[language()];
export const text = (message, next = false) => message[(next ? "next_" : "") + language()];
export const whole = (message) => [text(message), text(message, true)].filter(Boolean).join(" · ");

export async function post(path, body = {}) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return answer.json();
}

export function tell(said, answer) {
  const message = answer.message;
  said.dataset.tone = message.tone || "person";
  said.textContent = message.zh ? whole(message) : String(message);
}
