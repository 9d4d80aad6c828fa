"""Domains that belong to a mail provider, not to a company: they never tell a third party."""

_INTERNATIONAL = """
gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk live.com live.co.uk msn.com
passport.com windowslive.com yahoo.com yahoo.co.uk yahoo.ca yahoo.co.in ymail.com rocketmail.com
myyahoo.com aol.com aim.com icloud.com me.com mac.com proton.me protonmail.com protonmail.ch pm.me
tutanota.com tutanota.de tutamail.com tuta.io tuta.com keemail.me mail.com email.com usa.com
post.com europe.com gmx.com gmx.net gmx.us gmx.co.uk mailbox.org posteo.net posteo.eu fastmail.com
fastmail.fm zoho.com zohomail.com zohomail.eu hushmail.com hey.com duck.com inbox.com mail.ru
inbox.ru list.ru bk.ru yandex.com yandex.ru ya.ru rambler.ru qq.com foxmail.com 163.com 126.com
sina.com sohu.com naver.com daum.net hanmail.net rediffmail.com comcast.net verizon.net att.net
sbcglobal.net bellsouth.net cox.net charter.net earthlink.net rogers.com shaw.ca sympatico.ca
videotron.ca btinternet.com sky.com talktalk.net ntlworld.com virginmedia.com blueyonder.co.uk
bigpond.com optusnet.com.au disroot.org riseup.net autistici.org cock.li mailfence.com runbox.com
startmail.com ik.me skiff.com simplelogin.com simplelogin.io relay.firefox.com mozmail.com
privaterelay.appleid.com mailinator.com yopmail.com guerrillamail.com
"""

_FRENCH = """
orange.fr wanadoo.fr free.fr sfr.fr laposte.net neuf.fr bbox.fr gmx.fr hotmail.fr outlook.fr live.fr
msn.fr yahoo.fr ymail.fr aol.fr aliceadsl.fr alice.fr cegetel.net club-internet.fr club.fr noos.fr
numericable.fr numericable.com 9online.fr 9business.fr dbmail.com voila.fr caramail.com caramail.fr
caramail.lycos.fr lycos.fr libertysurf.fr infonie.fr nordnet.fr freesbee.fr online.fr worldonline.fr
tele2.fr tiscali.fr chello.fr oreka.fr estvideo.fr evhr.net mailo.com mailo.fr netcourrier.com
net-c.com net-c.fr yopmail.fr ovi.fr sfr.net orange.com.free.fr mageos.com ifrance.com multimania.fr
wanadoo.com francetelecom.fr.wanadoo.fr e.mail.fr guadeloupe.mediaserv.net mediaserv.net only.fr
ool.fr izi.re zeop.re canl.nc lagoon.nc mls.nc mail.pf
"""

_EUROPEAN = """
gmx.de gmx.at gmx.ch web.de t-online.de freenet.de arcor.de online.de posteo.de mail.de email.de
yahoo.de hotmail.de outlook.de live.de googlemail.de bluewin.ch hispeed.ch sunrise.ch
swissonline.ch ik.ch skynet.be telenet.be proximus.be belgacom.net scarlet.be voo.be hotmail.be
outlook.be yahoo.be live.be orange.be pt.lu internet.lu libero.it virgilio.it tiscali.it alice.it
tin.it hotmail.it outlook.it yahoo.it live.it email.it telefonica.net terra.es ya.com hotmail.es
outlook.es yahoo.es ono.com movistar.es sapo.pt hotmail.pt outlook.pt iol.pt ziggo.nl kpnmail.nl
kpnplanet.nl xs4all.nl planet.nl home.nl hetnet.nl hotmail.nl live.nl outlook.nl seznam.cz
email.cz centrum.cz wp.pl o2.pl onet.pl interia.pl op.pl telia.com telenor.dk hotmail.se
outlook.dk online.no
"""

FREE_MAIL = frozenset(f"{_INTERNATIONAL} {_FRENCH} {_EUROPEAN}".split())
"""Domains whose addresses belong to unrelated people. Some may be declared by one company as its
own all the same, address by address: only the domain is never used."""
