import type { Formats } from "./formats.ts";
import type { Words } from "./words.ts";

const confused = "لم تتفاهم هذه الصفحة مع الخادم.";

/** Names of actions rather than orders and verbs: those would have to guess whether somebody is a woman or a man. */
export const arabic = (format: Formats): Words => {
  const after = (seconds: number) =>
    format.plural(seconds, {
      zero: "الآن",
      one: "بعد ثانية واحدة",
      two: "بعد ثانيتين",
      few: "بعد # ثوانٍ",
      many: "بعد # ثانية",
      other: "بعد # ثانية",
    });
  return {
    tag: "ar",
    direction: "rtl",
    format,

    entrance: "يكفي اختيار اسم مستعار للدخول، ولا حاجة إلى حساب.",
    nickname: "الاسم المستعار",
    join: "دخول",
    joining: "جارٍ الدخول…",
    cancel: "إلغاء",
    tryAgain: "إعادة المحاولة",
    startOver: "العودة إلى المدخل",
    joinAs: (nick) => `الدخول باسم ${nick}`,
    nicknameFault: {
      empty: "لا بدّ من اسم.",
      "too-long": `${format.number(15)} حرفًا على الأكثر.`,
      "white-space": "بلا مسافات من فضلك.",
      invisible: "فيه رمز لا يُرى.",
    },
    tryingAgainIn: (seconds) => `محاولة جديدة ${after(seconds)}`,
    tryingNow: "محاولة جديدة…",
    slow: "يستغرق هذا وقتًا أطول من المعتاد. ما زلنا ننتظر ردًّا.",
    noSuchRoom: "لا توجد غرفة بهذا الاسم",
    noSuchRoomBecause: `يتكوّن اسم الغرفة من حروف لاتينية صغيرة وأرقام وشرطات: ${format.number(32)} على الأكثر.`,
    toTheLobby: "إلى الغرفة الرئيسية",

    because: {
      "nick-taken": "هذا الاسم مستخدم هنا بالفعل.",
      "nick-invalid": "لا يمكن استخدام هذا الاسم هنا.",
      "nick-mismatch": "كُتبت هذه الرسالة باسم آخر.",
      "room-invalid": "هذه الغرفة ليست مفتوحة هنا.",
      "message-invalid": "لا يقبل الخادم هذا النص.",
      "too-large": "كان ذلك أطول من اللازم.",
      "rate-limited": "كان ذلك كثيرًا دفعة واحدة.",
      full: "الدردشة ممتلئة.",
      stopping: "يُعاد تشغيل الدردشة الآن.",
      internal: "في الدردشة مشكلة في هذه اللحظة.",
      timeout: "لم تردّ الدردشة في الوقت المناسب.",
      unreachable: "تعذّر الوصول إلى الدردشة.",
      intercepted: "شيء آخر يردّ بدلًا من الدردشة. إن كانت لهذه الشبكة صفحة لتسجيل الدخول، فيجب فتحها أولًا.",
      forbidden: "لا تسمح الدردشة لهذه الصفحة بالدخول.",
      removed: "أخرجتك الإدارة من هذه الغرفة.",
      replaced: "استمرّت المحادثة في علامة تبويب أخرى.",
      malformed: confused,
      "hello-first": confused,
      "wrong-room": confused,
      "unknown-session": confused,
      "seq-gap": confused,
    },
    takeBack: "المتابعة هنا",

    connected: "الاتصال قائم",
    over: { websocket: "عبر WebSocket", "long-poll": "عبر الاستقصاء الطويل" },
    roundTrip: (ms) => `ذهابًا وإيابًا: ${format.number(Math.round(ms))} ملي ثانية`,
    connecting: "جارٍ الاتصال",
    reconnecting: "إعادة الاتصال",
    restarting: "يُعاد تشغيل الخادم",
    offline: "لا توجد شبكة",
    disconnected: "لا يوجد اتصال",
    inSeconds: after,
    now: "المحاولة الآن",
    waiting: (count) =>
      format.plural(count, {
        zero: "لا رسائل بانتظار الإرسال",
        one: "رسالة واحدة بانتظار الإرسال",
        two: "رسالتان بانتظار الإرسال",
        few: "# رسائل بانتظار الإرسال",
        many: "# رسالة بانتظار الإرسال",
        other: "# رسالة بانتظار الإرسال",
      }),

    room: (name) => `غرفة ${apart(name)}`,
    leave: "خروج",
    leaveAnyway: "الخروج على أي حال",
    unsent: (count) =>
      format.plural(count, {
        zero: "أُرسلت كل الرسائل.",
        one: "رسالة واحدة لم تُرسل بعد، وستضيع.",
        two: "رسالتان لم تُرسلا بعد، وستضيعان.",
        few: "# رسائل لم تُرسل بعد، وستضيع.",
        many: "# رسالة لم تُرسل بعد، وستضيع.",
        other: "# رسالة لم تُرسل بعد، وستضيع.",
      }),
    messages: "الرسائل",
    you: "أنت",
    unread: "جديد",
    newMessages: (count) =>
      format.plural(count, {
        zero: "لا رسائل جديدة",
        one: "رسالة جديدة",
        two: "رسالتان جديدتان",
        few: "# رسائل جديدة",
        many: "# رسالة جديدة",
        other: "# رسالة جديدة",
      }),
    toLatest: "إلى آخر رسالة",
    loadingOlder: "جارٍ تحميل رسائل أقدم…",
    olderFailed: "تعذّر تحميل الرسائل الأقدم.",
    beginning: "لم يُحفظ ما هو أقدم من هذا.",
    tooMany: "في الأعلى أكثر مما تتسع له هذه الصفحة.",
    empty: "لم يقل أحد شيئًا بعد.",
    gap: (count) =>
      format.plural(count, {
        zero: "كل الرسائل محفوظة",
        one: "رسالة واحدة لم تعد محفوظة",
        two: "رسالتان لم تعودا محفوظتين",
        few: "# رسائل لم تعد محفوظة",
        many: "# رسالة لم تعد محفوظة",
        other: "# رسالة لم تعد محفوظة",
      }),
    operator: "الإدارة",
    moves: (group, names, more) => {
      // In the genitive: what happened stands before the names as a noun.
      const others = {
        zero: "لا أحد",
        one: "شخص آخر",
        two: "شخصين آخرين",
        few: "# أشخاص آخرين",
        many: "# شخصًا آخر",
        other: "# شخص آخر",
      };
      const who = format.list(more > 0 ? [...names, format.plural(more, others)] : names);
      switch (group) {
        case "came":
          return `دخول ${who}`;
        case "back":
          return `عودة ${who}`;
        case "passed":
          return `زيارة قصيرة من ${who}`;
        case "left":
          return `خروج ${who}`;
        case "lost":
          return `انقطاع اتصال ${who}`;
        case "removed":
          return `أخرجت الإدارة ${who}`;
        default:
          return group satisfies never;
      }
    },
    renamed: (from, to) => `أصبح اسم ${from} الآن ${to}`,
    said: (nick, message) => `${nick}: ${message}`,

    message: "الرسالة",
    writeTo: (room) => `رسالة إلى ${apart(room)}`,
    send: "إرسال",
    splits: (count) =>
      format.plural(count, {
        zero: "لا شيء للإرسال",
        one: "سيُرسل في رسالة واحدة",
        two: "سيُرسل في رسالتين",
        few: "سيُرسل في # رسائل",
        many: "سيُرسل في # رسالة",
        other: "سيُرسل في # رسالة",
      }),
    sending: "جارٍ الإرسال",
    notSent: "لم تُرسل.",
    sendAgain: "إعادة الإرسال",
    discard: "حذف",
    unknownCommand: (word) => `لا يوجد أمر ${apart(`/${word}`)}. لإرساله كما هو يُكتب بشرطتين مائلتين: ${apart(`//${word}`)}`,
    emptyAction: `بعد ${apart("/me")} يُكتب ما يحدث، مثل: ${apart("/me مع القهوة")}`,
    helpTitle: "ما يمكن كتابته",
    help: [
      ["Enter", "إرسال"],
      ["Shift + Enter", "سطر جديد"],
      ["@الاسم", "مناداة شخص"],
      ["/nick الاسم", "تغيير اسمك"],
      ["/me مع القهوة", "وصف ما يحدث معك"],
      ["//النص", "نص يبدأ بشرطة مائلة"],
      ["/help", "عرض هذه القائمة"],
    ],
    close: "إغلاق",

    people: "الأشخاص",
    peopleCount: (count) =>
      format.plural(count, { zero: "لا أحد", one: "شخص واحد", two: "شخصان", few: "# أشخاص", many: "# شخصًا", other: "# شخص" }),
    filterPeople: "البحث عن شخص",
    nobodyFound: "لا أحد بهذا الاسم.",
    unlisted: (count) =>
      format.plural(count, {
        zero: "ولا أحد غيرهم",
        one: "وشخص آخر",
        two: "وشخصان آخران",
        few: "و# أشخاص آخرين",
        many: "و# شخصًا آخر",
        other: "و# شخص آخر",
      }),
    mention: (nick) => `الإشارة إلى ${nick}`,
    changeNickname: "تغيير الاسم",
    newNickname: "الاسم الجديد",
    save: "حفظ",
    invite: "دعوة",
    linkCopied: "نُسخ رابط هذه الغرفة. يكفي فتحه للدخول.",
    copyYourself: "يكفي فتح هذا الرابط للدخول:",

    settings: "الإعدادات",
    language: "اللغة",
    languageOfBrowser: "لغة المتصفح",
    theme: "المظهر",
    themes: { system: "مثل الجهاز", light: "فاتح", dark: "داكن" },
    notify: "تنبيهي عند مناداتي",
    notifyForbidden: "لا يسمح المتصفح لهذه الصفحة بالتنبيهات. يمكن تغيير ذلك في إعداداته لهذا الموقع.",
    sound: "تشغيل صوت عند مناداتي",
    calledBy: (nick, room) => `نداء من ${apart(nick)} في ${apart(room)}`,
  };
};

/** In its own direction: a slash or a hyphen beside Latin letters would otherwise go to their other side. */
function apart(text: string): string {
  return `\u2068${text}\u2069`;
}
