/** Fifty everyday sentences in each language that Parley speaks beside English: questions, answers, numbers, names. */
export const sentences = {
  es: `¿Qué hora es en Madrid?
La capital de Francia es París.
Buenos días, ¿en qué puedo ayudarte?
Mañana lloverá por la tarde.
El tren sale a las ocho y media.
Una araña tiene ocho patas.
Dos más dos son cuatro.
Me gustaría reservar una mesa para tres personas.
No estoy seguro de haber entendido la pregunta.
El agua hierve a cien grados.
Mi hermano vive en Zaragoza con su familia.
La película empieza dentro de diez minutos.
¿Puedes repetir lo que has dicho?
Los niños juegan en el jardín.
Hace mucho calor en agosto.
Cierra la ventana, por favor.
El guía nos enseñó la catedral.
Prefiero el café sin azúcar.
Ayer compré un libro muy interesante.
El zorro marrón salta sobre el perro perezoso.
Gracias por tu paciencia.
La gallina puso un huevo enorme.
Tengo que llamar al médico esta semana.
El coche rojo está delante de la casa.
Quisiera aprender a tocar la guitarra.
Nunca he visto un cielo tan azul.
El examen fue más fácil de lo esperado.
Los pingüinos viven en el hemisferio sur.
¿Dónde está la estación de autobuses?
Vamos a cenar a las nueve.
El jefe llegó tarde a la reunión.
Esta noche hay luna llena.
Pon la mesa antes de que lleguen.
El médico le recetó un jarabe.
Mi abuela cocina un arroz delicioso.
Hay siete días en una semana.
La llave está debajo de la alfombra.
Me duele un poco la cabeza.
Ella trabaja como arquitecta en Sevilla.
El río cruza toda la ciudad.
Apaga la luz cuando salgas.
Quiero escuchar música tranquila.
Los exámenes terminan el viernes.
La biblioteca cierra a las seis.
Nadie sabe la respuesta.
El queso manchego se hace con leche de oveja.
Ojalá haga buen tiempo el domingo.
El chico corre más rápido que yo.
Necesito cambiar euros por dólares.
La respuesta correcta es la segunda.`,
  fr: `Quelle heure est-il à Paris ?
La capitale de la France est Paris.
Bonjour, comment puis-je vous aider ?
Il pleuvra demain après-midi.
Le train part à huit heures et demie.
Une araignée a huit pattes.
Deux et deux font quatre.
Je voudrais réserver une table pour trois personnes.
Je ne suis pas sûr d'avoir compris la question.
L'eau bout à cent degrés.
Mon frère habite à Lyon avec sa famille.
Le film commence dans dix minutes.
Pouvez-vous répéter plus lentement ?
Les enfants jouent dans le jardin.
Il fait très chaud au mois d'août.
Fermez la fenêtre, s'il vous plaît.
Le guide nous a montré la cathédrale.
Je préfère le café sans sucre.
Hier, j'ai acheté un livre passionnant.
Le renard brun saute par-dessus le chien paresseux.
Merci de votre patience.
La poule a pondu un œuf énorme.
Je dois appeler le médecin cette semaine.
La voiture rouge est devant la maison.
J'aimerais apprendre à jouer du piano.
Je n'ai jamais vu un ciel aussi bleu.
L'examen était plus facile que prévu.
Les oiseaux chantent au lever du jour.
Où se trouve la gare routière ?
Nous allons dîner vers neuf heures.
Le directeur est arrivé en retard.
Ce soir, la lune est pleine.
Mets la table avant leur arrivée.
Le docteur lui a prescrit un sirop.
Ma grand-mère prépare une soupe délicieuse.
Il y a sept jours dans une semaine.
La clé est sous le paillasson.
J'ai un peu mal à la tête.
Elle travaille comme architecte à Nantes.
La rivière traverse toute la ville.
Éteins la lumière en sortant.
Je veux écouter de la musique calme.
Les vacances commencent vendredi.
La bibliothèque ferme à dix-huit heures.
Personne ne connaît la réponse.
Ce fromage est fait avec du lait de brebis.
J'espère qu'il fera beau dimanche.
Le garçon court plus vite que moi.
Je dois changer des euros en dollars.
La bonne réponse est la deuxième.`,
  hi: `दिल्ली में कितने बजे हैं?
फ्रांस की राजधानी पेरिस है।
नमस्ते, मैं आपकी क्या मदद कर सकता हूँ?
कल दोपहर को बारिश होगी।
रेलगाड़ी साढ़े आठ बजे छूटती है।
मकड़ी के आठ पैर होते हैं।
दो और दो चार होते हैं।
मुझे तीन लोगों के लिए एक मेज़ चाहिए।
मुझे सवाल समझ में नहीं आया।
पानी सौ डिग्री पर उबलता है।
मेरा भाई मुंबई में रहता है।
फ़िल्म दस मिनट में शुरू होगी।
क्या आप दोबारा कह सकते हैं?
बच्चे बगीचे में खेल रहे हैं।
मई में बहुत गर्मी होती है।
कृपया खिड़की बंद कर दीजिए।
हमने कल पुराना किला देखा।
मुझे बिना चीनी की चाय पसंद है।
मैंने एक बहुत अच्छी किताब पढ़ी।
लोमड़ी कुत्ते के ऊपर से कूद गई।
धैर्य रखने के लिए धन्यवाद।
मुर्गी ने एक बड़ा अंडा दिया।
मुझे इस हफ़्ते डॉक्टर को फ़ोन करना है।
लाल गाड़ी घर के सामने खड़ी है।
मैं सितार बजाना सीखना चाहता हूँ।
मैंने इतना नीला आसमान कभी नहीं देखा।
परीक्षा उम्मीद से आसान थी।
सुबह चिड़ियाँ गाती हैं।
बस अड्डा कहाँ है?
हम नौ बजे खाना खाएँगे।
वह बैठक में देर से आया।
आज रात पूरा चाँद है।
मेहमानों के आने से पहले मेज़ लगा दो।
डॉक्टर ने दवा लिख दी।
मेरी दादी बहुत अच्छा खाना बनाती हैं।
एक हफ़्ते में सात दिन होते हैं।
चाबी दरवाज़े के पास है।
मेरे सिर में थोड़ा दर्द है।
वह जयपुर में काम करती है।
नदी शहर के बीच से बहती है।
जाते समय बत्ती बुझा देना।
मैं शांत संगीत सुनना चाहता हूँ।
छुट्टियाँ शुक्रवार से शुरू हैं।
पुस्तकालय छह बजे बंद होता है।
किसी को जवाब नहीं पता।
यह पनीर भेड़ के दूध से बनता है।
आशा है कि रविवार को मौसम अच्छा रहेगा।
लड़का मुझसे तेज़ दौड़ता है।
मुझे रुपये बदलवाने हैं।
सही जवाब दूसरा है।`,
  it: `Che ore sono a Roma?
La capitale della Francia è Parigi.
Buongiorno, come posso aiutarti?
Domani pomeriggio pioverà.
Il treno parte alle otto e mezza.
Un ragno ha otto zampe.
Due più due fa quattro.
Vorrei prenotare un tavolo per tre persone.
Non sono sicuro di aver capito la domanda.
L'acqua bolle a cento gradi.
Mio fratello abita a Torino con la famiglia.
Il film comincia fra dieci minuti.
Puoi ripetere più lentamente?
I bambini giocano in giardino.
Ad agosto fa molto caldo.
Chiudi la finestra, per favore.
La guida ci ha mostrato la cattedrale.
Preferisco il caffè senza zucchero.
Ieri ho comprato un libro interessante.
La volpe marrone salta sopra il cane pigro.
Grazie per la pazienza.
La gallina ha fatto un uovo enorme.
Devo chiamare il medico questa settimana.
La macchina rossa è davanti alla casa.
Mi piacerebbe imparare a suonare la chitarra.
Non ho mai visto un cielo così azzurro.
L'esame era più facile del previsto.
Gli uccelli cantano all'alba.
Dov'è la stazione degli autobus?
Ceniamo verso le nove.
Il direttore è arrivato in ritardo.
Stasera c'è la luna piena.
Apparecchia la tavola prima che arrivino.
Il dottore gli ha prescritto uno sciroppo.
Mia nonna prepara una minestra deliziosa.
Ci sono sette giorni in una settimana.
La chiave è sotto lo zerbino.
Ho un po' di mal di testa.
Lei lavora come architetto a Genova.
Il fiume attraversa tutta la città.
Spegni la luce quando esci.
Voglio ascoltare musica tranquilla.
Le vacanze cominciano venerdì.
La biblioteca chiude alle sei.
Nessuno conosce la risposta.
Questo formaggio è fatto con latte di pecora.
Spero che domenica faccia bel tempo.
Il ragazzo corre più veloce di me.
Devo cambiare degli euro in dollari.
La risposta giusta è la seconda.`,
  "pt-BR": `Que horas são em Brasília?
A capital da França é Paris.
Bom dia, como posso ajudar?
Amanhã à tarde vai chover.
O trem sai às oito e meia.
Uma aranha tem oito pernas.
Dois mais dois são quatro.
Eu gostaria de reservar uma mesa para três pessoas.
Não tenho certeza se entendi a pergunta.
A água ferve a cem graus.
Meu irmão mora em Recife com a família.
O filme começa daqui a dez minutos.
Você pode repetir mais devagar?
As crianças brincam no jardim.
Faz muito calor em janeiro.
Feche a janela, por favor.
O guia nos mostrou a catedral.
Prefiro café sem açúcar.
Ontem comprei um livro muito interessante.
A raposa marrom pula sobre o cachorro preguiçoso.
Obrigado pela paciência.
A galinha botou um ovo enorme.
Preciso ligar para o médico esta semana.
O carro vermelho está na frente da casa.
Eu queria aprender a tocar violão.
Nunca vi um céu tão azul.
A prova foi mais fácil do que eu esperava.
Os pássaros cantam ao amanhecer.
Onde fica a rodoviária?
Vamos jantar às nove.
O chefe chegou atrasado à reunião.
Hoje à noite tem lua cheia.
Ponha a mesa antes que eles cheguem.
O médico receitou um xarope.
Minha avó faz uma sopa deliciosa.
Há sete dias em uma semana.
A chave está embaixo do tapete.
Estou com um pouco de dor de cabeça.
Ela trabalha como arquiteta em Curitiba.
O rio atravessa a cidade inteira.
Apague a luz quando sair.
Quero ouvir uma música calma.
As férias começam na sexta-feira.
A biblioteca fecha às seis.
Ninguém sabe a resposta.
Este queijo é feito com leite de ovelha.
Tomara que faça sol no domingo.
O menino corre mais rápido do que eu.
Preciso trocar reais por dólares.
A resposta certa é a segunda.`,
} as const;
